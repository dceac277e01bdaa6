// The API, and what is to be said when it refuses.
import { has, t, tn } from "./i18n.js";

// signals tells the rest of the page what any call may find out:
// "expired" (sign in again), "fenced" (no changes for now, detail in seconds),
// "written" (a change was taken), "away" and "back" (the service's reach).
export const signals = new EventTarget();

const signal = (name, detail) => signals.dispatchEvent(new CustomEvent(name, { detail }));
const patience = 20_000; // ms, a little longer than the server's own

// Problem is an answer other than success (RFC 9457), or none at all.
export class Problem extends Error {
  constructor({ type = "", status = 0, title = "", detail = "", field = "" }, retryAfter = 0) {
    super(detail || title);
    Object.assign(this, { code: type.replace("urn:newsfeed:", ""), status, title, field, retryAfter });
  }
}

// call returns the answer's JSON, or throws a Problem.
export async function call(method, path, body, { headers = {}, quiet = false } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body ? { "Content-Type": "application/json", ...headers } : headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(patience),
    });
  } catch {
    signal("away");
    throw new Problem({ type: "network" });
  }
  signal("back");
  if (response.ok) {
    if (method !== "GET") signal("written");
    return response.status === 204 ? null : response.json();
  }
  const problem = new Problem(await told(response), Number(response.headers.get("Retry-After")) || 0);
  if (problem.code === "fenced") signal("fenced", problem.retryAfter);
  if (problem.status === 401 && !quiet) signal("expired");
  throw problem;
}

// told reads the problem; what stands between may answer with something else.
async function told(response) {
  try {
    return { ...(await response.json()), status: response.status };
  } catch {
    return { status: response.status, title: response.statusText };
  }
}

// explain says a problem in the reader's words; context is what was tried.
export function explain(problem, context = "") {
  if (!(problem instanceof Problem)) throw problem; // a mistake of the page itself
  const { code, status, field, retryAfter, title } = problem;
  if (code === "rate-limited" && retryAfter > 0) return tn("error.rate-limited.after", retryAfter);
  for (const key of [`error.${context}.${code}`, `error.${code}.${field}`, `error.${code}`, `error.${status}`]) {
    if (has(key)) return t(key);
  }
  return t("error.other", { what: title || String(status) });
}

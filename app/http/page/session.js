// Who is signed in. An ended session hides the page and keeps it as it is: the
// same person signing in again goes on where they were.
import { call, explain, signals } from "./api.js";
import { $, settle } from "./dom.js";
import { t } from "./i18n.js";
import { calm, fault } from "./status.js";

let user = null; // whose page it is, also while their session has ended
let signingUp = false;
let retry = 0;

const again = 5000; // ms between two tries to reach the service
const tabs = new BroadcastChannel("session"); // the browser's other tabs share the cookie

export const me = () => user;

// show switches between the page's states: start, away, sign, in.
function show(state) {
  document.body.dataset.state = state;
}

function form(signUp, note = "") {
  signingUp = signUp;
  const way = signUp ? "up" : "in";
  $("sign-title").textContent = t(`sign.${way}.title`);
  $("sign-submit").textContent = t(`sign.${way}.submit`);
  $("sign-other").textContent = t(`sign.${way}.other`);
  $("sign-password").autocomplete = signUp ? "new-password" : "current-password";
  $("sign-name-hint").hidden = $("sign-password-hint").hidden = !signUp;
  $("sign-note").textContent = note;
  $("sign-note").hidden = !note;
  complain("");
  show("sign");
}

function complain(text, field = "") {
  $("sign-error").textContent = text;
  for (const name of ["name", "password"]) $(`sign-${name}`).setAttribute("aria-invalid", String(!!text && field === name));
  if (field) $(`sign-${field}`)?.focus();
}

async function submit(enter) {
  const name = $("sign-name").value.trim();
  const password = $("sign-password").value;
  if ([...name].length < 2) return complain(t("error.invalid.name"), "name");
  if ([...password].length < 8) return complain(t("error.invalid.password"), "password");
  complain("");
  try {
    const answer = await call("POST", signingUp ? "/v1/users" : "/v1/sessions", { name, password }, { quiet: true });
    $("sign-password").value = "";
    tabs.postMessage(answer.user.id);
    become(answer.user, enter);
  } catch (problem) {
    const field = problem.field || (problem.code === "conflict" ? "name" : problem.status === 401 ? "password" : "");
    complain(explain(problem, "sign"), field);
  }
}

function become(next, enter) {
  const back = user?.id === next.id;
  if (user && !back) return location.reload(); // nothing of the other person may stay
  user = next;
  show("in");
  enter(back);
}

export async function signOut() {
  try {
    await call("DELETE", "/v1/session", undefined, { quiet: true });
  } catch (problem) {
    if (problem.status !== 401) throw problem;
  }
  tabs.postMessage("");
  location.hash = "";
  location.reload();
}

// begin finds out who is signed in, and calls enter(back) once somebody is;
// back says that their page is still there.
export async function begin(enter) {
  try {
    become((await call("GET", "/v1/session", undefined, { quiet: true })).user, enter);
  } catch (problem) {
    if (problem.status === 401) return form(false);
    show("away");
    clearTimeout(retry);
    retry = setTimeout(() => document.body.dataset.state === "away" && begin(enter), Math.max(again, problem.retryAfter * 1000));
  }
}

// prepare wires the forms up, once.
export function prepare(enter) {
  $("sign-form").onsubmit = (event) => {
    event.preventDefault();
    settle($("sign-submit"), () => submit(enter));
  };
  $("sign-other").onclick = () => {
    form(!signingUp);
    $("sign-name").focus();
  };
  $("sign-show").onchange = (event) => ($("sign-password").type = event.target.checked ? "text" : "password");
  $("again").onclick = () => begin(enter);
  addEventListener("online", () => document.body.dataset.state === "away" && begin(enter));
  tabs.onmessage = ({ data }) => data !== (user?.id ?? "") && location.reload();
  signals.addEventListener("expired", () => {
    if (!user || document.body.dataset.state === "sign") return;
    form(false, t("sign.ended"));
    calm();
    $("sign-name").value = user.name;
    $("sign-password").focus();
  });
  $("sign-out").onclick = (event) => settle(event.currentTarget, () => signOut().catch((problem) => fault(explain(problem))));
}

// Writing a story. What is written is kept as a draft until it is posted; a
// draft has one key, so that trying again never posts it twice.
import { call, explain } from "./api.js";
import { $, settle, webAddress } from "./dom.js";
import { Files } from "./files.js";
import { t, tn } from "./i18n.js";
import limits from "./limits.js";
import { me } from "./session.js";
import { calm, notice } from "./status.js";

const nearly = 200; // characters left, from which on they are counted

let files;
let sent = null; // {content, key} of the last try

const place = () => `draft:${me().id}`;

function keep() {
  const draft = { body: $("compose-body").value, link: linkOpen() ? $("compose-link").value : null, media: files.uploaded, sent };
  if (draft.body || draft.link || draft.media.length) localStorage.setItem(place(), JSON.stringify(draft));
  else localStorage.removeItem(place());
}

const linkOpen = () => !$("compose-link-field").hidden;

function openLink(yes) {
  $("compose-link-field").hidden = !yes;
  $("compose-add-link").setAttribute("aria-expanded", String(yes));
}

function toggleLink() {
  if (!linkOpen() && files.kind) return complain(t("files.mix"));
  complain("");
  openLink(!linkOpen());
  if (linkOpen()) $("compose-link").focus();
  keep();
}

function attach(chosen) {
  if (linkOpen() && $("compose-link").value.trim()) return complain(t("files.mix"));
  openLink(false);
  files.add(chosen);
}

function complain(text, field = null) {
  $("compose-error").textContent = text;
  for (const id of ["compose-body", "compose-link"]) $(id).setAttribute("aria-invalid", String(!!text && field === id));
  if (field) $(field).focus();
}

function count() {
  const left = limits.body - [...$("compose-body").value].length;
  $("compose-left").hidden = left > nearly;
  $("compose-left").textContent = left < 0 ? tn("compose.over", -left) : tn("compose.left", left);
  $("compose-left").classList.toggle("over", left < 0);
  return left;
}

// story is what is written, or null after saying what is missing.
function story() {
  const body = $("compose-body").value.trim();
  if (count() < 0) return complain(t("error.invalid.body"), "compose-body");
  if (files.kind) return { kind: files.kind, body, media: files.uploaded.map((file) => file.key) };
  if (linkOpen()) {
    const typed = $("compose-link").value.trim();
    const link = webAddress(typed) ?? (/^[\w-]+(\.[\w-]+)+([/?#]|$)/.test(typed) ? webAddress(`https://${typed}`) : null);
    return link ? { kind: "link", body, link: link.href } : complain(t("error.invalid.link"), "compose-link");
  }
  return body ? { kind: "text", body } : complain(t("compose.empty"), "compose-body");
}

const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");

async function post(posted) {
  complain("");
  calm();
  if (!(await files.settled())) return;
  const draft = story();
  if (!draft) return;
  const content = JSON.stringify(draft);
  if (sent?.content !== content) sent = { content, key: newKey() };
  keep();
  try {
    const made = await call("POST", "/v1/stories", draft, { headers: { "Idempotency-Key": sent.key } });
    clear();
    posted(made);
    notice(t("compose.posted"));
    $("compose-body").focus({ preventScroll: true });
  } catch (problem) {
    complain(`${explain(problem, "post")} ${t("compose.kept")}`);
  }
}

function clear() {
  sent = null;
  $("composer").reset();
  openLink(false);
  files.clear();
  count();
  keep();
}

// restore brings back what was being written.
export function restore() {
  let draft = {};
  try {
    draft = JSON.parse(localStorage.getItem(place())) ?? {};
  } catch {
    localStorage.removeItem(place());
  }
  sent = draft.sent ?? null;
  $("compose-body").value = draft.body ?? "";
  $("compose-link").value = draft.link ?? "";
  openLink(draft.link !== null && draft.link !== undefined);
  files.restore(draft.media ?? []);
  count();
}

// prepare wires the form up, once; posted is called with every story posted.
export function prepare(posted) {
  files = new Files($("compose-files"), keep, complain);
  $("composer").onsubmit = (event) => {
    event.preventDefault();
    settle($("compose-post"), () => post(posted));
  };
  $("composer").oninput = () => {
    count();
    keep();
  };
  $("compose-body").onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("composer").requestSubmit();
  };
  $("compose-body").onpaste = (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    attach(event.clipboardData.files);
  };
  $("compose-add-link").onclick = toggleLink;
  for (const id of ["compose-photo", "compose-video"]) {
    $(id).onchange = (event) => {
      attach([...event.target.files]);
      event.target.value = ""; // so that the same file can be chosen again
    };
  }
}

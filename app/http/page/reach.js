// Whether the service can be reached, and whether it takes changes.
import { call, signals } from "./api.js";
import { t } from "./i18n.js";
import { banner, say } from "./status.js";

// Asking for the oldest marker changes nothing, as a marker never moves back,
// and is refused as every other change is.
const oldest = "00000000-0000-7000-8000-000000000001";
const again = 5; // s, when a refusal doesn't say

let fenced = false;
let timer = 0;

function shut(seconds) {
  if (!fenced) banner("read-only", t("status.read-only"));
  fenced = true;
  clearTimeout(timer);
  timer = setTimeout(knock, (seconds || again) * 1000);
}

function open() {
  if (!fenced) return;
  fenced = false;
  clearTimeout(timer);
  banner("read-only", null);
  say(t("status.writable"));
}

async function knock() {
  try {
    await call("PUT", "/v1/feed/marker", { story_id: oldest }, { quiet: true });
  } catch (problem) {
    if (problem.status === 401) open(); // nobody is signed in: signing in will tell
    else if (problem.code !== "fenced") shut(problem.retryAfter);
  }
}

// watch keeps the banners true.
export function watch() {
  signals.addEventListener("fenced", (event) => shut(event.detail));
  signals.addEventListener("written", open);
  const away = () => banner("offline", t("status.offline"));
  const back = () => banner("offline", null);
  signals.addEventListener("away", away);
  signals.addEventListener("back", back);
  addEventListener("offline", away);
  addEventListener("online", back);
  if (!navigator.onLine) away();
}

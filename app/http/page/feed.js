// The feed: friends' stories, and how many have come since.
import { call, explain } from "./api.js";
import { $ } from "./dom.js";
import { requests } from "./friends.js";
import { number, t, tn } from "./i18n.js";
import { fault, say } from "./status.js";
import { Stories } from "./stories.js";

const soonest = 5_000; // ms between two looks for new stories, while some come
const latest = 60_000; // and when none do
const most = 100; // the service counts no further
const perRequests = 4; // looks for stories to one for friend requests

export let feed;

let pause = soonest;
let timer = 0;
let looks = 0;
let told = 0; // how many new stories the person knows of

const shown = () => document.body.dataset.state === "in" && !document.hidden;

function plan() {
  clearTimeout(timer);
  if (shown()) timer = setTimeout(look, pause);
}

async function look() {
  clearTimeout(timer);
  if (!shown()) return;
  try {
    const since = feed.newest ? `?since=${feed.newest}` : "";
    const { new: n } = await call("GET", `/v1/feed/marker${since}`);
    pause = n > told ? soonest : Math.min(pause * 1.5, latest);
    tell(n);
    if (++looks % perRequests === 0) await requests();
  } catch (problem) {
    pause = Math.min(Math.max(pause * 2, problem.retryAfter * 1000), latest);
  }
  plan();
}

function tell(n) {
  const text = n >= most ? t("feed.new.many", { n: number(most) }) : tn("feed.new", n);
  $("new").hidden = !n;
  $("new").lastElementChild.textContent = text;
  document.title = n ? `(${n}) newsfeed` : "newsfeed";
  if (n > told) say(text);
  told = n;
}

// renew shows the newest stories, and marks them as seen.
export async function renew() {
  try {
    await feed.start();
  } catch (problem) {
    if (!feed.shown.size) feed.failed(problem);
    else fault(explain(problem));
    return false;
  }
  tell(0);
  pause = soonest;
  plan();
  if (feed.newest) call("PUT", "/v1/feed/marker", { story_id: feed.newest }, { quiet: true }).catch(() => {}); // the next one will do
  return true;
}

// resume looks at once, after the page was out of sight or signed out.
export function resume() {
  pause = soonest;
  look();
}

// prepare wires the feed up, once.
export function prepare() {
  feed = new Stories($("feed"), $("feed-foot"), "/v1/feed", t("feed.empty"));
  $("new").onclick = async () => {
    if (!(await renew())) return;
    scrollTo({ top: 0 });
    feed.box.firstElementChild?.focus({ preventScroll: true });
  };
  document.addEventListener("visibilitychange", resume);
  addEventListener("online", resume);
}

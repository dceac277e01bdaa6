// The page: a feed, one's friends, oneself.
import * as composer from "./composer.js";
import { $, avatar } from "./dom.js";
import * as feed from "./feed.js";
import * as friends from "./friends.js";
import { language, languages, speak, t, translate } from "./i18n.js";
import { watch } from "./reach.js";
import * as session from "./session.js";
import { banner, fault } from "./status.js";
import { Stories } from "./stories.js";
import { refresh } from "./story.js";
import { explain } from "./api.js";

const views = ["feed", "friends", "you"];
const minute = 60_000;

let mine; // one's own stories

// route shows the view that the address names.
function route(moved) {
  const view = views.find((name) => location.hash === `#${name}`) ?? "feed";
  document.body.dataset.view = view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view === "you" && session.me() && !mine.shown.size) mine.start().catch((problem) => mine.failed(problem));
  if (!moved) return;
  scrollTo({ top: 0 });
  $(`${view}-title`).focus({ preventScroll: true });
}

// enter begins a person's stay; back says that their page is still there.
async function enter(back) {
  if (back) return feed.resume();
  const user = session.me();
  $("you-name").replaceChildren(avatar(user), user.name);
  composer.restore();
  route(false);
  friends.refresh().catch((problem) => fault(explain(problem)));
  await feed.renew();
}

function chooseLanguage() {
  for (const id of ["language-in", "language-out"]) {
    const select = $(id);
    select.append(...Object.entries(languages).map(([tag, name]) => {
      const option = new Option(name, tag, tag === language, tag === language);
      option.lang = tag;
      return option;
    }));
    select.onchange = () => {
      sessionStorage.setItem("focus", id);
      speak(select.value);
    };
  }
}

// worker keeps the page itself for when there is no network, and says when the
// service has a newer one.
function worker() {
  if (!("serviceWorker" in navigator)) return;
  let before = navigator.serviceWorker.controller; // none on the first visit
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (before) banner("update", t("status.update"), { label: t("status.reload"), run: () => location.reload() });
    before = navigator.serviceWorker.controller;
  });
  navigator.serviceWorker.register("/sw.js").catch(() => {}); // the page works without
}

function start() {
  translate(document);
  chooseLanguage();
  watch();
  feed.prepare();
  mine = new Stories($("mine"), $("mine-foot"), "/v1/stories", t("you.none"));
  friends.prepare((gone) => (gone ? feed.feed.dropBy(gone) : feed.renew()));
  composer.prepare((story) => {
    feed.feed.put(structuredClone(story));
    if (mine.shown.size) mine.put(story);
  });
  document.addEventListener("story-gone", ({ detail }) => [feed.feed, mine].forEach((list) => list.drop([detail])));
  session.prepare(enter);
  addEventListener("hashchange", () => route(true));
  setInterval(refresh, minute);
  worker();
  session.begin(enter).then(() => {
    $(sessionStorage.getItem("focus"))?.focus(); // a change of language began here
    sessionStorage.removeItem("focus");
  });
}

start();

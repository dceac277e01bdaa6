// A list of stories that grows as its end comes into sight: the WAI-ARIA feed
// pattern, with Page Down and J, Page Up and K to step through it.
import { call, explain } from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { article } from "./story.js";

const ahead = "800px"; // how far below the screen the next page is fetched
const breath = 1000; // ms between two tries after a failure, at least

export class Stories {
  // path answers pages of stories; empty is said when there are none.
  constructor(box, foot, path, empty) {
    Object.assign(this, { box, foot, path, empty });
    this.turn = 0; // counts fresh starts: answers to an older one are void
    this.clear();
    box.addEventListener("keydown", (event) => this.step(event));
    this.sight = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && this.more(), { rootMargin: ahead });
  }

  clear() {
    this.turn++;
    this.shown = new Map(); // story ID to article
    this.cursor = "";
    this.ended = this.loading = false;
    this.newest = null; // the newest story that the service told of
    this.box.replaceChildren();
    this.foot.replaceChildren();
  }

  // start shows the newest page in place of everything.
  async start() {
    const page = await this.fetch("");
    this.clear();
    this.newest = page.stories[0]?.id ?? null;
    this.take(page);
    this.watch();
  }

  fetch(cursor) {
    return call("GET", this.path + (cursor && `?cursor=${encodeURIComponent(cursor)}`));
  }

  // watch has more() called again if the end is in sight even now.
  watch() {
    this.sight.disconnect();
    if (!this.ended) this.sight.observe(this.foot);
  }

  async more() {
    if (this.loading || this.ended) return;
    const turn = this.turn;
    this.busy(true);
    this.foot.replaceChildren(h("p", {}, t("loading")));
    try {
      const page = await this.fetch(this.cursor);
      if (turn !== this.turn) return;
      this.busy(false);
      this.take(page);
      this.watch();
    } catch (problem) {
      if (turn !== this.turn) return;
      this.busy(false);
      this.failed(problem);
    }
  }

  busy(loading) {
    this.loading = loading;
    this.box.setAttribute("aria-busy", String(loading));
  }

  failed(problem) {
    this.sight.disconnect();
    const again = () => this.foot.contains(button) && this.more();
    const button = h("button", { type: "button", onclick: again }, t("retry"));
    this.foot.replaceChildren(h("p", { role: "alert" }, explain(problem)), button);
    addEventListener("online", again, { once: true });
    if (problem.retryAfter) setTimeout(again, Math.max(problem.retryAfter * 1000, breath));
  }

  take(page) {
    for (const story of page.stories) {
      if (this.shown.has(story.id)) continue;
      const shown = article(story, this);
      this.shown.set(story.id, shown);
      this.box.append(shown);
    }
    this.cursor = page.next_cursor;
    this.ended = page.next_cursor === null;
    this.number();
  }

  // put adds a story above all others.
  put(story) {
    if (this.shown.has(story.id)) return;
    const shown = article(story, this);
    this.shown.set(story.id, shown);
    this.box.prepend(shown);
    this.number();
  }

  // drop removes stories; the focus moves to the nearest that stays.
  drop(ids) {
    for (const id of ids) {
      const gone = this.shown.get(id);
      if (!gone) continue;
      const near = gone.nextElementSibling ?? gone.previousElementSibling;
      if (gone.contains(document.activeElement)) near?.focus();
      gone.remove();
      this.shown.delete(id);
    }
    this.number();
    this.watch();
  }

  dropBy(author) {
    this.drop([...this.shown].filter(([, shown]) => shown.dataset.author === author).map(([id]) => id));
  }

  number() {
    const all = [...this.box.children];
    all.forEach((shown, i) => {
      shown.setAttribute("aria-posinset", i + 1);
      shown.setAttribute("aria-setsize", this.ended ? all.length : -1);
    });
    if (this.ended) this.foot.replaceChildren(h("p", {}, all.length ? t("feed.end") : this.empty));
  }

  step(event) {
    const back = event.key === "PageUp" || event.key === "k";
    if (!back && event.key !== "PageDown" && event.key !== "j") return;
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.altKey || event.metaKey) return;
    const from = event.target.closest("article");
    const to = back ? from?.previousElementSibling : from?.nextElementSibling;
    if (!to) return;
    event.preventDefault();
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "start" });
  }
}

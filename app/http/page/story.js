// One story, as an article of a feed.
import { call, explain } from "./api.js";
import { comments } from "./comments.js";
import { avatar, h, icon, languageOf, linked, outside, settle, webAddress } from "./dom.js";
import { ago, moment, t } from "./i18n.js";
import { reactions } from "./reactions.js";
import { me } from "./session.js";
import { ask, fault, notice } from "./status.js";

const long = 700; // characters, or
const tall = 12; // lines, above which a story is folded

// article shows a story as a member of a list.
export function article(story, list) {
  const name = `n-${story.id}`;
  const text = `t-${story.id}`;
  const mine = story.author.id === me().id;
  const talk = comments(story);
  return h("article", {
    class: "card story", tabindex: "0", "data-id": story.id, "data-author": story.author.id,
    "aria-labelledby": name, "aria-describedby": story.body ? text : null,
  },
    h("header", {}, avatar(story.author),
      h("div", { id: name, class: "by" }, h("strong", {}, story.author.name), " ", when(story.created_at)),
      mine && h("button", { type: "button", class: "plain", "aria-label": t("story.delete"), onclick: (event) => remove(event, story, list) }, icon("delete"))),
    story.body && words(story.body, text),
    story.link && card(story.link),
    story.media?.length && media(story),
    h("footer", {}, ...reactions(story), talk.button),
    talk.box);
}

export function when(date) {
  const at = new Date(date);
  return h("time", { datetime: date, title: moment(at) }, ago(at));
}

// refresh tells anew how long ago things were.
export function refresh() {
  for (const time of document.querySelectorAll("time")) time.textContent = ago(new Date(time.dateTime));
}

function words(body, id) {
  const text = h("p", { id, class: "words", dir: "auto", lang: languageOf(body) }, ...linked(body));
  if (body.length <= long && body.split("\n").length <= tall) return text;
  text.classList.add("folded");
  const button = h("button", { type: "button", class: "quiet", "aria-expanded": "false", onclick: () => {
    const folded = text.classList.toggle("folded");
    button.setAttribute("aria-expanded", String(!folded));
    button.textContent = t(folded ? "story.unfold" : "story.fold");
  } }, t("story.unfold"));
  const box = h("div", {}, text, button);
  return box;
}

function card(link) {
  const url = webAddress(link);
  if (!url) return h("p", { class: "words" }, link);
  const path = decode(url.pathname + url.search);
  const a = outside(url, icon("link"), h("span", {}, h("strong", {}, url.hostname.replace(/^www\./, "")), path !== "/" && h("span", {}, path)));
  a.className = "link";
  return a;
}

function decode(path) {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

// media shows photos or a video. Sizes are known beforehand, or a frame stands
// in, so that nothing moves when a file arrives.
function media(story) {
  const all = story.media;
  const shown = all.map((file, i) => {
    const size = { width: file.width, height: file.height, class: file.width ? null : "frame" };
    const says = { n: i + 1, total: all.length, name: story.author.name };
    if (file.type.startsWith("video/")) {
      return h("video", { src: file.url, controls: true, preload: "metadata", playsinline: true, "aria-label": t("story.video", says), ...size });
    }
    const image = h("img", { src: file.url, loading: "lazy", decoding: "async", alt: t("story.photo", says), ...size });
    return h("a", { href: file.url, target: "_blank", rel: "noopener" }, image);
  });
  return h("div", { class: all.length > 1 ? "media many" : "media" }, ...shown);
}

async function remove(event, story, list) {
  const button = event.currentTarget;
  if (!(await ask(t("story.delete.ask"), t("story.delete")))) return;
  await settle(button, async () => {
    try {
      await call("DELETE", `/v1/stories/${story.id}`);
      document.dispatchEvent(new CustomEvent("story-gone", { detail: story.id }));
      notice(t("story.deleted"));
    } catch (problem) {
      if (problem.status === 404) list.drop([story.id]);
      else fault(explain(problem));
    }
  });
}

// Comments under a story: closed until asked for, oldest first, page by page.
import { call, explain } from "./api.js";
import { avatar, h, icon, languageOf, linked, settle } from "./dom.js";
import { t, tn } from "./i18n.js";
import { say } from "./status.js";
import { when } from "./story.js";

const most = 1000; // characters

// comments returns the button that opens them and the box they open in.
export function comments(story) {
  const id = `c-${story.id}`;
  const label = h("span");
  const button = h("button", { type: "button", class: "act", "aria-expanded": "false", "aria-controls": id, onclick: toggle }, icon("comment"), label);
  const list = h("ol", { "aria-label": t("comments.title") });
  const more = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => settle(more, load) }, t("comments.more"));
  const input = h("textarea", { id: `w-${story.id}`, rows: 1, maxlength: 2 * most, placeholder: t("comments.write"), "aria-describedby": `e-${story.id}` });
  const send = h("button", { class: "primary" }, t("comments.send"));
  const trouble = h("p", { id: `e-${story.id}`, class: "error", role: "alert" });
  const form = h("form", { novalidate: true, hidden: true, onsubmit: (event) => {
    event.preventDefault();
    settle(send, add);
  } }, h("label", { class: "unseen", for: input.id }, t("comments.write")), input, send);
  const box = h("section", { id, class: "comments", "aria-label": t("comments.title"), hidden: true }, list, more, form, trouble);
  const shown = new Set();
  let cursor = "";

  function count() {
    label.textContent = story.comments ? tn("comments.count", story.comments) : t("comments.none");
  }

  function toggle() {
    box.hidden = !box.hidden;
    button.setAttribute("aria-expanded", String(!box.hidden));
    if (!box.hidden && cursor === "") load();
  }

  async function load() {
    trouble.textContent = "";
    try {
      const page = await call("GET", `/v1/stories/${story.id}/comments${cursor && `?cursor=${cursor}`}`);
      page.comments.forEach(put);
      cursor = page.next_cursor;
      more.hidden = cursor === null;
    } catch (problem) {
      trouble.textContent = explain(problem, "comment");
      more.hidden = false;
    }
    form.hidden = false; // not before: it would move away from under the hand
  }

  function put(comment) {
    if (shown.has(comment.id)) return;
    shown.add(comment.id);
    const item = h("li", { "data-id": comment.id }, avatar(comment.author),
      h("div", {}, h("p", { class: "by" }, h("strong", {}, comment.author.name), " ", when(comment.created_at)),
        h("p", { class: "words", dir: "auto", lang: languageOf(comment.body) }, ...linked(comment.body))));
    // IDs sort by time; one's own comment may come before pages that are older.
    list.insertBefore(item, [...list.children].find((other) => other.dataset.id > comment.id) ?? null);
  }

  async function add() {
    const body = input.value.trim();
    if (!body) return input.focus();
    if ([...body].length > most) return (trouble.textContent = t("error.comment.invalid"));
    try {
      const comment = await call("POST", `/v1/stories/${story.id}/comments`, { body });
      input.value = trouble.textContent = "";
      put(comment);
      story.comments++;
      count();
      say(t("comments.sent"));
    } catch (problem) {
      trouble.textContent = explain(problem, "comment");
    }
  }

  input.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  };
  count();
  return { button, box };
}

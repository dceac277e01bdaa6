// Reactions to a story: one press for the usual one, a row of all for the rest.
import { call, explain } from "./api.js";
import { h, icon } from "./dom.js";
import { number, t } from "./i18n.js";
import { fault, say } from "./status.js";

const kinds = { like: "👍", love: "❤️", laugh: "😂", wow: "😮", sad: "😢", angry: "😡" };

const face = (kind) => h("span", { class: "face", "aria-hidden": "true" }, kinds[kind]);

// reactions returns what a story's footer shows: counts, a button, all kinds.
export function reactions(story) {
  const counts = h("ul", { class: "counts", "aria-label": t("reaction.counts") });
  const main = h("button", { type: "button", class: "act", onclick: () => choose(story.my_reaction ? null : "like") });
  const row = h("div", { class: "choices", role: "group", "aria-label": t("reaction.choose"), hidden: true });
  const more = h("button", { type: "button", class: "act", "aria-label": t("reaction.more"), "aria-expanded": "false", onclick: () => open(row.hidden) }, icon("smile"));
  const box = h("div", { class: "react" }, main, more, row);
  row.append(...Object.keys(kinds).map((kind) =>
    h("button", { type: "button", "data-kind": kind, "aria-label": t(`reaction.${kind}`), title: t(`reaction.${kind}`), onclick: () => choose(story.my_reaction === kind ? null : kind) }, face(kind))));

  function open(yes) {
    row.hidden = !yes;
    more.setAttribute("aria-expanded", String(yes));
    if (yes) (row.querySelector('[aria-pressed="true"]') ?? row.firstChild).focus();
    else if (row.contains(document.activeElement) || document.activeElement === document.body) more.focus();
  }

  function draw() {
    const mine = story.my_reaction;
    main.replaceChildren(face(mine ?? "like"), h("span", {}, t(`reaction.${mine ?? "like"}`)));
    main.setAttribute("aria-pressed", String(!!mine));
    for (const button of row.children) button.setAttribute("aria-pressed", String(button.dataset.kind === mine));
    counts.replaceChildren(...Object.keys(kinds).filter((kind) => story.reactions[kind] > 0).map((kind) =>
      h("li", {}, face(kind), h("span", { class: "unseen" }, t(`reaction.${kind}`), " "), number(story.reactions[kind]))));
    counts.hidden = !counts.firstChild;
  }

  function set(kind) {
    const had = story.my_reaction;
    if (had) story.reactions[had]--;
    if (kind) story.reactions[kind] = (story.reactions[kind] ?? 0) + 1;
    story.my_reaction = kind ?? undefined;
    draw();
  }

  // choose shows the choice at once and takes it back if it is refused.
  let turn = 0;
  let stored = story.my_reaction ?? null;
  async function choose(kind) {
    const mine = ++turn;
    set(kind);
    if (!row.hidden) {
      open(false);
      main.focus();
    }
    say(kind ? t("reaction.given", { what: t(`reaction.${kind}`) }) : t("reaction.taken"));
    try {
      await (kind ? call("PUT", `/v1/stories/${story.id}/reaction`, { kind }) : call("DELETE", `/v1/stories/${story.id}/reaction`));
      stored = kind;
    } catch (problem) {
      if (mine === turn) set(stored);
      fault(explain(problem));
    }
  }

  row.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = [...row.children];
    if (step) all.at((all.indexOf(document.activeElement) + step) % all.length).focus();
    if (event.key === "Escape") open(false);
  };
  box.addEventListener("focusout", (event) => !row.hidden && event.relatedTarget && !box.contains(event.relatedTarget) && open(false));
  draw();
  return [counts, box];
}

// A press anywhere else closes what is open.
addEventListener("pointerdown", (event) => {
  for (const row of document.querySelectorAll(".choices:not([hidden])")) {
    if (row.parentElement.contains(event.target)) continue;
    row.hidden = true;
    row.previousElementSibling.setAttribute("aria-expanded", "false");
  }
});

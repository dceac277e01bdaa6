// Friends: who asks, who is, asking by name.
import { call, explain } from "./api.js";
import { $, avatar, h, settle } from "./dom.js";
import { number, t, tn } from "./i18n.js";
import { ask, fault, notice, say } from "./status.js";

let changed; // called with the ID of who is no friend any more, or null for a new one
let waiting = 0;

function person(user, ...buttons) {
  return h("li", { "data-id": user.id }, avatar(user), h("strong", { class: "name" }, user.name), h("div", { class: "row" }, ...buttons));
}

function button(user, key, work, kind = null) {
  const says = { name: user.name };
  const b = h("button", { type: "button", class: kind, "aria-label": t(`${key}.who`, says), onclick: () => settle(b, work) }, t(key));
  return b;
}

async function tried(work) {
  try {
    await work();
  } catch (problem) {
    fault(explain(problem, "friend"));
  }
}

// requests shows who waits for an answer.
export async function requests() {
  const { users, next_cursor: more } = await call("GET", "/v1/friend-requests");
  const had = waiting;
  waiting = users.length;
  $("waiting").hidden = $("requests-box").hidden = !waiting;
  $("waiting").replaceChildren(number(waiting), more ? "+" : "", h("span", { class: "unseen" }, " ", t("friends.requests")));
  if (waiting > had) say(tn("friends.waiting", waiting));
  const shown = [...$("requests").children].map((item) => item.dataset.id).join();
  if (shown === users.map((user) => user.id).join()) return; // leave the focus where it is
  $("requests").replaceChildren(...users.map((user) => person(user,
    button(user, "friends.accept", () => answer(user, true), "primary"),
    button(user, "friends.decline", () => answer(user, false)))));
}

function answer(user, yes) {
  return tried(async () => {
    if (yes) await call("POST", `/v1/friend-requests/${user.id}/accept`);
    else await call("DELETE", `/v1/friends/${user.id}`);
    if (yes) notice(t("friends.now", user));
    await refresh();
    $("friends-title").focus();
    if (yes) changed(null);
  });
}

async function page(cursor) {
  const { users, next_cursor: next } = await call("GET", `/v1/friends?limit=50${cursor && `&cursor=${cursor}`}`);
  if (!cursor) $("friends").replaceChildren();
  $("friends").append(...users.map((user) => person(user, button(user, "friends.remove", () => remove(user)))));
  if (!$("friends").firstChild) $("friends").append(h("li", { class: "hint" }, t("friends.none")));
  const more = h("button", { type: "button", onclick: () => settle(more, () => tried(() => page(next))) }, t("friends.more"));
  $("friends-foot").replaceChildren(...(next ? [more] : []));
}

async function remove(user) {
  if (!(await ask(t("friends.remove.ask", user), t("friends.remove")))) return;
  await tried(async () => {
    await call("DELETE", `/v1/friends/${user.id}`);
    changed(user.id);
    notice(t("friends.removed", user));
    await page("");
    $("friends-title").focus();
  });
}

// refresh shows everything anew.
export const refresh = () => Promise.all([requests(), page("")]);

async function befriend() {
  const input = $("befriend-name");
  const complain = (text) => {
    $("befriend-error").textContent = text;
    input.setAttribute("aria-invalid", String(!!text));
    if (text) input.focus();
  };
  const name = input.value.trim();
  if ([...name].length < 2) return complain(t("error.invalid.name"));
  complain("");
  try {
    const { user, status } = await call("POST", "/v1/friend-requests", { name });
    input.value = "";
    if (status !== "accepted") return notice(t("friends.asked", user));
    notice(t("friends.now", user));
    await refresh();
    changed(null);
  } catch (problem) {
    complain(explain(problem, "friend"));
  }
}

// prepare wires the view up, once.
export function prepare(onChange) {
  changed = onChange;
  $("befriend").onsubmit = (event) => {
    event.preventDefault();
    settle($("befriend").querySelector("button"), befriend);
  };
}

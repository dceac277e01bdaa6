// What the page tells a person beside its content: banners that stay while
// something holds, notices that pass, errors that wait to be read.
import { $, h, icon } from "./dom.js";
import { t } from "./i18n.js";

const passing = 6000; // ms

// say tells screen readers only.
export function say(text) {
  $("live").textContent = "";
  requestAnimationFrame(() => ($("live").textContent = text));
}

// notice tells that something was done.
export function notice(text) {
  const note = h("p", { class: "toast" }, text);
  $("notices").replaceChildren(note);
  setTimeout(() => note.remove(), passing);
}

// fault tells what went wrong, until it is dismissed or replaced.
export function fault(text) {
  const close = h("button", { type: "button", class: "plain", "aria-label": t("dismiss"), onclick: calm }, icon("close"));
  $("alerts").replaceChildren(h("p", { class: "toast bad" }, h("span", {}, text), close));
}

export const calm = () => $("alerts").replaceChildren();

// banner shows a text while something holds; null takes it away.
export function banner(name, text, action = null) {
  const id = `banner-${name}`;
  if (!text) {
    $(id)?.remove();
    return;
  }
  if ($(id)) return;
  const button = action && h("button", { type: "button", onclick: action.run }, action.label);
  $("banners").append(h("p", { id, class: "banner" }, h("span", {}, text), button));
}

// ask has a person confirm what cannot be taken back.
export function ask(text, yes) {
  $("ask-text").textContent = text;
  $("ask-yes").textContent = yes;
  const dialog = $("ask");
  const { promise, resolve } = Promise.withResolvers();
  const close = (answer) => () => {
    dialog.close();
    resolve(answer);
  };
  $("ask-yes").onclick = close(true);
  $("ask-no").onclick = close(false);
  dialog.oncancel = () => resolve(false); // Escape; the event "close" comes late, when the next question may be open
  dialog.showModal();
  return promise;
}

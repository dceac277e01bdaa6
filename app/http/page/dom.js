// Elements are made here. Text is always set as text: nothing that a person
// wrote is ever parsed as HTML.

export const $ = (id) => document.getElementById(id);

// h makes an element. Properties that begin with "on" are listeners, the rest
// attributes; null, undefined and false leave one out.
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// icon is one of the symbols in the page; what it stands for is said in words
// beside it.
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

// avatar is the first character of a name on one of six colours.
export function avatar(user) {
  const hue = [...user.id].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 6, 0);
  return h("span", { class: `avatar hue-${hue}`, "aria-hidden": "true" }, [...user.name][0].toUpperCase());
}

// webAddress returns the address if it is one that a page may link to.
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url : null;
  } catch {
    return null;
  }
}

// outside is a link to somewhere that a user named.
export function outside(url, ...children) {
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, ...children);
}

// linked turns the web addresses in a text into links.
export function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}、。，）」』])/).map((part, i) => {
    const url = i % 2 ? webAddress(part) : null;
    return url ? outside(url, part) : part;
  });
}

// languageOf tells the language of a text where its script does: speech and
// glyphs depend on it.
export function languageOf(text) {
  if (/\p{Script=Hangul}/u.test(text)) return "ko";
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return "ja";
  return null;
}

// settle disables a button while its work runs, so that a second press does
// nothing; the button keeps the focus.
export async function settle(button, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

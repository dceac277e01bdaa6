// Which language the page speaks, and how it says things in it.
import strings from "./strings.js";

// In the order of the table.
export const languages = { en: "English", ko: "한국어", ja: "日本語" };

const remembered = "language";

function choose() {
  const wanted = [localStorage.getItem(remembered), ...navigator.languages];
  return wanted.map((tag) => tag?.split("-")[0]).find((tag) => tag in languages) ?? "en";
}

export const language = choose();
const column = Object.keys(languages).indexOf(language);

const plurals = new Intl.PluralRules(language);
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const absolute = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });
const numbers = new Intl.NumberFormat(language);

// t says key, with {names} replaced by values.
export function t(key, values = {}) {
  return strings[key][column].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// tn says key for n things; a language without a form of its own uses "other".
export function tn(key, n, values = {}) {
  const form = `${key}.${plurals.select(n)}`;
  return t(has(form) ? form : `${key}.other`, { n: number(n), ...values });
}

export const has = (key) => key in strings;
export const number = (n) => numbers.format(n);
export const percent = (part) => new Intl.NumberFormat(language, { style: "percent" }).format(part);
export const megabytes = (bytes) =>
  new Intl.NumberFormat(language, { style: "unit", unit: "megabyte", maximumFractionDigits: 0 }).format(bytes / 2 ** 20);
export const moment = (date) => absolute.format(date);

// ago is how long a date is past, in the largest unit that fits.
export function ago(date) {
  const seconds = Math.min(0, (date - Date.now()) / 1000);
  for (const [unit, size] of [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (-seconds >= size) return relative.format(Math.ceil(seconds / size), unit);
  }
  return relative.format(0, "second");
}

// translate fills in the words of the page itself.
export function translate(root) {
  root.documentElement.lang = language;
  for (const e of root.querySelectorAll("[data-t]")) e.textContent = t(e.dataset.t);
  for (const e of root.querySelectorAll("[data-t-label]")) e.setAttribute("aria-label", t(e.dataset.tLabel));
  for (const e of root.querySelectorAll("[data-t-placeholder]")) e.placeholder = t(e.dataset.tPlaceholder);
}

// speak changes the language for good. The page starts anew in it; what was
// being written is kept as a draft.
export function speak(tag) {
  localStorage.setItem(remembered, tag);
  location.reload();
}

// The photos or the video of the story that is being written.
import { explain } from "./api.js";
import { h, icon } from "./dom.js";
import { megabytes, percent, t } from "./i18n.js";
import limits from "./limits.js";
import { say } from "./status.js";
import { size, upload } from "./upload.js";

// Files shows them in a list and uploads each as soon as it is chosen. changed
// is called when what is uploaded differs; complain with what is refused.
export class Files {
  constructor(list, changed, complain) {
    Object.assign(this, { list, changed, complain, all: [] });
  }

  get kind() {
    return this.all.length ? (this.all[0].type.startsWith("video/") ? "video" : "photo") : null;
  }

  // uploaded are the files as a draft keeps them.
  get uploaded() {
    return this.all.filter((file) => file.key).map(({ key, type, name }) => ({ key, type, name }));
  }

  add(files) {
    this.complain("");
    for (const file of files) {
      const refused = this.refuse(file);
      if (refused) this.complain(refused);
      else this.begin(file);
    }
  }

  refuse(file) {
    const says = { name: file.name };
    const photo = limits.photoTypes.includes(file.type);
    if (!photo && !limits.videoTypes.includes(file.type)) return t("files.type", says);
    const most = photo ? limits.photoBytes : limits.videoBytes;
    if (file.size > most) return t("files.size", { ...says, size: megabytes(most) });
    if (!file.size) return t("files.broken", says);
    if (this.kind && (this.kind === "video" || !photo)) return t("files.mix");
    if (this.all.length >= limits.photos) return t("files.many", { n: limits.photos });
    return null;
  }

  begin(file) {
    const item = { name: file.name, type: file.type, stop: new AbortController(), url: URL.createObjectURL(file) };
    this.draw(item);
    item.done = this.send(item, file);
  }

  async send(item, file) {
    try {
      const pixels = await size(item.url, item.type.startsWith("video/")).catch(() => null);
      item.stop.signal.throwIfAborted();
      if (!pixels) return this.failed(item, t("files.broken", item));
      item.key = await upload(file, pixels, (part) => this.progress(item, part), item.stop.signal);
    } catch (problem) {
      if (item.stop.signal.aborted) return;
      return this.failed(item, t("files.failed", { name: item.name, why: explain(problem) }));
    }
    item.bar.remove();
    this.button(item, "files.remove");
    say(t("files.done", item));
    this.changed();
  }

  failed(item, why) {
    this.remove(item);
    this.complain(why);
  }

  progress(item, part) {
    item.bar.value = part;
    item.bar.textContent = percent(part);
  }

  draw(item) {
    item.bar = h("progress", { max: "1", value: "0", "aria-label": t("files.progress", item), hidden: !!item.key });
    const image = item.url && item.type.startsWith("image/");
    item.close = h("button", { type: "button", class: "plain", onclick: () => this.remove(item, true) }, icon("close"));
    this.button(item, item.key ? "files.remove" : "files.cancel");
    item.row = h("li", {}, image ? h("img", { src: item.url, alt: "" }) : h("span", { class: "thumb" }, icon(item.type.startsWith("video/") ? "video" : "photo")),
      h("span", { class: "name" }, item.name, item.bar), item.close);
    this.all.push(item);
    this.list.append(item.row);
  }

  button(item, key) {
    item.close.setAttribute("aria-label", t(key, item));
  }

  remove(item, byHand = false) {
    item.stop?.abort();
    const next = item.row.nextElementSibling ?? item.row.previousElementSibling;
    item.row.remove();
    if (item.url) URL.revokeObjectURL(item.url);
    this.all = this.all.filter((other) => other !== item);
    if (byHand) (next?.querySelector("button") ?? document.getElementById("compose-body")).focus();
    this.changed();
  }

  // settled resolves to whether every file is uploaded.
  async settled() {
    const before = this.all.length;
    await Promise.all(this.all.map((item) => item.done));
    return this.all.length === before;
  }

  restore(kept) {
    for (const { key, type, name } of kept) this.draw({ key, type, name });
  }

  clear() {
    for (const item of [...this.all]) this.remove(item);
  }
}

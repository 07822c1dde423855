// The editor of a document: draws the form of its schema over the text area, keeps the tree, posts it.

import { el } from "./dom.js";
import { control, field, fieldAt, fieldGroup } from "./fields.js";
import { Live } from "./live.js";
import { listed, place } from "./problems.js";
import { slot } from "./tree.js";

class Editor {
  constructor(frame) {
    const name = frame.dataset.editor;
    this.schema = JSON.parse(document.getElementById(`editor-${name}`).textContent);
    Object.assign(this, { frame, key: `ed-${name}`, texts: this.schema.texts, values: this.schema.values, known: this.schema.known });
    this.box = { root: this.schema.tree };
    this.form = frame.querySelector("[data-form]");
    this.area = frame.querySelector("[data-text]");
    this.input = frame.querySelector("[data-document]");
    this.token = frame.closest("form").querySelector("[name=csrfmiddlewaretoken]").value;
    this.language = document.documentElement.lang.startsWith("zh") ? "zh-Hans" : "en";
    this.shown = new WeakMap();
    this.open = new WeakMap();
    this.stash = new WeakMap();
    this.problems = this.schema.problems;
    this.checks = Boolean(frame.dataset.preview);
    this.dirty = false;
    this.root = () => this.box.root;
    this.doc = () => this.box.root?.terms ?? this.box.root ?? {};
  }

  start() {
    if (this.checks) this.live = new Live(this, this.frame.querySelector("[data-live]"), this.frame.dataset.preview, (found) => this.judged(found));
    this.bar();
    this.isText = "asText" in this.frame.dataset;
    this.draw();
    this.turn(this.isText);
    this.frame.addEventListener("input", () => { this.dirty = true; });
    this.frame.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input") && !event.isComposing) event.preventDefault();
    });
    const form = this.frame.closest("form");
    form.addEventListener("submit", () => { this.input.value = this.isText ? "" : JSON.stringify(this.root()); this.dirty = false; });
    window.addEventListener("beforeunload", (event) => { if (this.dirty && this.checks) event.preventDefault(); });
    if (this.live && !this.isText) this.live.now();
    const refused = this.frame.querySelector("[data-refused]");
    if (refused && !document.activeElement?.closest("[data-refused]")) refused.focus();
    this.frame.dataset.ready = "";
  }

  // Called by every field after it wrote to the tree.
  changed() {
    this.dirty = true;
    if (this.live) this.live.soon();
  }

  // Called by parts that drew themselves again: their problems have to be put back.
  drawn() {
    if (this.settling || !this.form.isConnected) return;
    this.settling = true;
    queueMicrotask(() => { this.settling = false; place(this.problems, this); });
  }

  say(text) {
    this.frame.querySelector("[data-said]").textContent = text;
    this.form.querySelectorAll("details").forEach((one) => one.dispatchEvent(new Event("rc-changed")));
  }

  label(key) {
    return this.schema.labels[key];
  }

  word(struct, name) {
    const found = this.schema.structs[struct]?.fields.find((one) => one.name === name);
    return found ? found.label : name;
  }

  judged(problems) {
    this.problems = problems;
    place(problems, this);
    listed(problems, this, this.frame.querySelector("[data-problems]"));
  }

  bar() {
    const tab = (name, isText) => el("button", { type: "button", role: "tab", class: "rc-tab", text: this.texts[name], "data-tab": name, onclick: () => this.asked(isText) });
    this.tabs = [tab("form", false), tab("text", true)];
    const bar = this.frame.querySelector("[data-bar]");
    bar.setAttribute("role", "tablist");
    bar.append(...this.tabs);
    bar.hidden = false;
    bar.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") this.tabs[event.target === this.tabs[0] ? 1 : 0].focus();
    });
  }

  // Show one of the two; the other's content is brought over by the server.
  async asked(isText) {
    if (isText === this.isText) return;
    const body = new FormData();
    const area = this.area.querySelector("textarea");
    if (isText) body.append("document", JSON.stringify(this.root()));
    else body.append("text", area.value);
    const found = await this.converted(body);
    if (found.faults) {
      const rows = found.faults.map((text) => el("li", { text }));
      const said = el("div", { class: "rc-problems", role: "alert" }, el("strong", { text: this.texts.unreadable }), el("ul", {}, rows));
      this.frame.querySelector("[data-problems]").replaceChildren(said);
      return;
    }
    if (isText && area.value !== found.text) { // the marks of faulty lines hold for the same text only
      area.value = found.text;
      area.dispatchEvent(new Event("input"));
    }
    if (!isText) {
      this.box.root = found.tree;
      this.problems = found.problems;
      this.draw();
    }
    this.turn(isText);
    if (!isText && this.live) this.live.now();
  }

  // A server that cannot be reached, or a session that ended, keeps the view as it is and says so.
  async converted(body) {
    try {
      const answer = await fetch(this.frame.dataset.convert, { method: "POST", body, headers: { "X-CSRFToken": this.token } });
      return await answer.json();
    } catch {
      return { faults: [this.texts.offline] };
    }
  }

  turn(isText) {
    this.isText = isText;
    this.form.hidden = isText;
    this.area.hidden = !isText;
    this.tabs.forEach((one, index) => {
      const chosen = index === Number(isText);
      one.setAttribute("aria-selected", String(chosen));
      one.tabIndex = chosen ? 0 : -1;
    });
    const faults = document.querySelector("[data-server-faults]")?.closest(".field-faults, .form-row, .field-line");
    if (faults && this.checks) faults.hidden = !isText;
    this.frame.classList.toggle("rc-as-text", isText);
    if (!isText) this.frame.querySelector("[data-refused]")?.remove();
    if (!isText) this.judged(this.problems);
    else this.frame.querySelector("[data-problems]").replaceChildren();
  }

  draw() {
    const { sections, root, refers } = this.schema;
    if (sections) {
      this.form.replaceChildren(...sections.map((one) => this.section(one)).filter(Boolean));
    } else {
      this.form.replaceChildren(control(slot(this.box, "root", "", root, { name: this.frame.dataset.label || "", refers, keeps: true }), this, () => this.draw()));
    }
    place(this.problems, this);
  }

  section({ key, title, fields }) {
    const entries = fields.map((path) => this.entryOf(path)).filter(Boolean);
    if (!entries.length) return null;
    const alone = entries.length === 1 && entries[0].main;
    const body = alone ? this.lone(entries[0]) : fieldGroup(entries, this);
    const head = el("h3", { text: title });
    return el("section", { class: "rc-part", "data-section": key }, head, body);
  }

  // The only field of a section: the section's title names it already.
  lone({ holder, path, field: described }) {
    const help = described.help ? el("p", { class: "rc-help", text: described.help }) : "";
    return el("div", {}, help, field(fieldAt(holder, path, described, this), this, { bare: true }));
  }

  // A field by its path; `terms.charges` is the field `charges` of the struct at `terms`.
  entryOf(path) {
    const words = path.split(".");
    const last = words.pop();
    let holder = this.root();
    let struct = this.schema.structs[this.schema.root.name];
    for (const word of words) {
      const inner = struct.fields.find((one) => one.name === word);
      if (holder[word] === undefined) holder[word] = {};
      holder = holder[word];
      struct = this.schema.structs[inner.kind.name];
    }
    const found = struct.fields.find((one) => one.name === last);
    if (!found || found.hidden) return null;
    return { holder, path, field: found, main: !struct.main || struct.main.includes(last) };
  }
}

for (const frame of document.querySelectorAll("[data-editor]")) {
  const editor = new Editor(frame);
  editor.start();
  frame.editor = editor; // for tests: the tree as it would be posted
}

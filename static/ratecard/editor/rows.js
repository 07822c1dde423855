// Lists: rows that can be added, removed and moved, by dragging or by buttons.

import { button, el, fill, focusFirst, iconButton, on } from "./dom.js";
import { complete } from "./names.js";
import { field, marked, struct } from "./fields.js";
import { brief } from "./scalars.js";
import { blank, clone, isNumber, isObject, join, moved, put, slot, valueOf } from "./tree.js";

// The handle and buttons of one row. `move(to)` and `remove()` come from the list.
export function rowTools(index, count, ctx, { move, remove, name }) {
  const at = fill(ctx.texts.row, { place: index + 1 });
  const called = (text) => on(ctx, text, name || at);
  return {
    handle: el("span", { class: "rc-handle material-symbols-outlined", title: ctx.texts.drag, "aria-hidden": "true", text: "drag_indicator" }),
    buttons: el("span", { class: "rc-tools" },
      iconButton("arrow_upward", called(ctx.texts.up), () => move(index - 1), { disabled: index === 0, "data-up": true }),
      iconButton("arrow_downward", called(ctx.texts.down), () => move(index + 1), { disabled: index === count - 1, "data-down": true }),
      iconButton("delete", called(ctx.texts.remove), remove, { "data-remove": true })),
  };
}

// Let rows be dragged by their handle within their own list.
export function draggable(row, index, handle, list, move) {
  handle.addEventListener("pointerdown", () => { row.draggable = true; });
  row.addEventListener("dragstart", (event) => {
    if (event.target !== row) return;
    event.stopPropagation();
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", String(index));
    list.dragged = index;
    row.classList.add("rc-dragged");
  });
  row.addEventListener("dragend", () => {
    row.draggable = false;
    row.classList.remove("rc-dragged");
    list.dragged = undefined;
  });
  row.addEventListener("dragover", (event) => {
    if (list.dragged === undefined) return;
    event.preventDefault();
    row.classList.toggle("rc-drop-here", list.dragged !== index);
  });
  row.addEventListener("dragleave", () => row.classList.remove("rc-drop-here"));
  row.addEventListener("drop", (event) => {
    if (list.dragged === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (list.dragged !== index) move(list.dragged, index);
  });
}

// What a list does to its array, and what is said and focused afterwards.
export function listActs(place, ctx, draw, rowAt, adder) {
  const items = () => (Array.isArray(valueOf(place)) ? valueOf(place) : []);
  return {
    items,
    add(one) {
      const next = items();
      next.push(one);
      put(place, next, ctx);
      draw();
      ctx.say(ctx.texts.added);
      const row = rowAt(next.length - 1);
      const folded = row.querySelector(":scope > .rc-row-main > details");
      if (folded) folded.open = true;
      focusFirst(row.querySelector(".rc-row-body") || row);
    },
    move(from, to, focus = "") {
      const list = items();
      if (to < 0 || to >= list.length) return;
      moved(list, from, to);
      ctx.changed();
      draw();
      ctx.say(fill(ctx.texts.moved, { place: to + 1, count: list.length }));
      const row = rowAt(to);
      const wanted = focus && row.querySelector(`[data-${focus}]:not(:disabled)`);
      (wanted || row.querySelector("[data-up]:not(:disabled), [data-down]:not(:disabled)"))?.focus();
    },
    remove(index) {
      const list = items();
      list.splice(index, 1);
      put(place, list.length || place.keeps ? list : undefined, ctx);
      draw();
      ctx.say(ctx.texts.removed);
      (rowAt(Math.min(index, list.length - 1))?.querySelector("[data-remove]") || adder()).focus();
    },
  };
}

// A list of parts: charges, steps, operands, stages.
export function listRows(place, ctx) {
  const rows = el("ol", { class: "rc-rows" });
  const frame = el("div", { class: "rc-list" }, rows);
  const drag = {};
  const acts = listActs(place, ctx, () => draw(), (index) => rows.children[index], () => adder);
  const title = isNumber(place.kind.of) ? ctx.texts.add_row : on(ctx, ctx.texts.add, place.name);
  const adder = button(title, () => acts.add(fresh(place.kind.of, ctx)), { class: "rc-mini rc-add" });
  frame.append(adder);
  const draw = () => {
    const items = acts.items();
    rows.hidden = !items.length;
    rows.replaceChildren(...items.map((_one, index) => listRow(place, index, items, ctx, acts, drag)));
    ctx.drawn();
  };
  draw();
  return frame;
}

function fresh(kind, ctx) {
  if (isNumber(kind)) return "";
  return blank(kind, ctx);
}

function listRow(place, index, items, ctx, acts, drag) {
  const kind = place.kind.of;
  const inner = slot(items, index, join(place.path, index), kind, { keeps: true, name: rowName(items[index], index, ctx) });
  const row = el("li", { class: "rc-row" });
  const tools = rowTools(index, items.length, ctx, {
    name: inner.name,
    move: (to) => acts.move(index, to, to < index ? "up" : "down"),
    remove: () => acts.remove(index),
  });
  draggable(row, index, tools.handle, drag, (from, to) => acts.move(from, to));
  const titled = isObject(items[index]) && kind.is === "struct" && "code" in fieldsByName(kind, ctx);
  const body = titled ? folded(inner, items[index], ctx) : plain(inner, ctx, kind);
  row.append(tools.handle, body, tools.buttons);
  if (titled) tools.buttons.prepend(copyButton(items, index, ctx, acts));
  return row;
}

const fieldsByName = (kind, ctx) => Object.fromEntries(ctx.schema.structs[kind.name].fields.map((one) => [one.name, one]));

function copyButton(items, index, ctx, acts) {
  return iconButton("content_copy", on(ctx, ctx.texts.copy, rowName(items[index], index, ctx)), () => {
    const copy = clone(items[index]);
    if (copy.code) copy.code = `${copy.code}_2`;
    acts.add(copy);
  });
}

function rowName(value, index, ctx) {
  const own = isObject(value) && (value.name?.[ctx.language] || value.code);
  return own || fill(ctx.texts.row, { place: index + 1 });
}

function plain(inner, ctx, kind) {
  if (kind.is !== "struct") return el("div", { class: "rc-row-main rc-row-body" }, field(inner, ctx, { bare: true }));
  const faults = el("div", { class: "rc-faults" });
  return marked(el("div", { class: "rc-row-main rc-row-body" }, struct(inner, ctx), faults), inner, faults);
}

// A part with a code is folded under a line that says what it is; which ones are open is remembered.
function folded(inner, value, ctx) {
  const title = el("span", { class: "rc-title-text" });
  const gist = el("span", { class: "rc-gist" });
  const faults = el("div", { class: "rc-faults" });
  const retitle = () => {
    title.textContent = rowName(value, inner.key, ctx);
    gist.textContent = gistOf(value, ctx);
  };
  retitle();
  const body = el("div", { class: "rc-row-body" }, faults, struct(inner, ctx));
  const details = el("details", { open: ctx.open.get(value) === true }, el("summary", {}, title, gist), body);
  details.addEventListener("toggle", () => {
    ctx.open.set(value, details.open);
  });
  details.addEventListener("input", retitle);
  details.addEventListener("change", retitle);
  details.addEventListener("rc-changed", retitle);
  return marked(el("div", { class: "rc-row-main" }, details), inner, faults);
}

function gistOf(value, ctx) {
  const steps = Array.isArray(value.steps) ? value.steps.filter(isObject) : [];
  const said = steps.flatMap((step) => Object.entries(step)).map(([word, argument]) => {
    const name = ctx.word("Step", word);
    const short = typeof argument === "string" || (isObject(argument) && (argument.pick || argument.of || argument.flat || argument.each));
    if (isObject(argument) && argument.mode) return `${name} (${argument.mode})`;
    return short ? `${name} ${isObject(argument) && argument.pick ? `(${argument.pick})` : brief(isObject(argument) ? argument.flat ?? argument.each ?? argument : argument, ctx)}` : name;
  });
  const from = value.of === undefined ? "" : brief(value.of, ctx);
  return [from, ...said].filter(Boolean).join(" → ");
}

// A list of names: small inputs in a line.
export function words(place, ctx) {
  const rows = el("span", { class: "rc-words" });
  const adder = iconButton("add", on(ctx, ctx.texts.add, place.name), () => acts.add(""));
  const acts = listActs(place, ctx, () => draw(), (index) => rows.children[index], () => adder);
  const draw = () => {
    const items = acts.items();
    rows.replaceChildren(...items.map((one, index) => word(place, one, index, items, ctx, acts)), adder);
  };
  draw();
  return rows;
}

function word(place, one, index, items, ctx, acts) {
  const inner = slot(items, index, join(place.path, index), place.kind.of, { keeps: true });
  const input = el("input", {
    type: "text", class: "rc-input", value: one, size: Math.max(6, String(one).length + 1),
    "aria-label": `${place.name}, ${fill(ctx.texts.row, { place: index + 1 })}`, spellcheck: "false",
    oninput: () => put(inner, input.value, ctx),
  });
  complete(input, place.refers, ctx, place);
  const drop = iconButton("close", on(ctx, ctx.texts.remove, one || index + 1), () => acts.remove(index), { "data-remove": true });
  const faults = el("span", { class: "rc-faults" });
  return marked(el("span", { class: "rc-word" }, input, drop, faults), inner, faults);
}

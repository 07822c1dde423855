// A list of short structs as a table: one row each, columns for the fields in use, rows that can be moved.
// Of two fields that stand for one another (an edge is `upto` or `below`) the one in use is enough.

import { button, el, fill, menu } from "./dom.js";
import { control, field, fieldAt, isShort, marked } from "./fields.js";
import { draggable, listActs, rowTools } from "./rows.js";
import { isObject, join, slot, valueOf } from "./tree.js";

export function table(place, ctx) {
  const described = ctx.schema.structs[place.kind.of.name];
  const rows = el("div", { class: "rc-bands-frame" });
  const bodies = () => [...rows.querySelectorAll(":scope > table > tbody")];
  const acts = listActs(place, ctx, () => draw(), (index) => bodies()[index], () => adder);
  const adder = button(ctx.texts.add_row, () => acts.add({}), { class: "rc-mini rc-add", "data-add-row": true });
  const asked = new Set();
  const drag = {};
  const frame = el("div", { class: "rc-list" }, rows, el("div", { class: "rc-list-foot" }, adder));
  const draw = () => {
    const items = acts.items();
    const columns = columnsOf(described, items, asked);
    const hidden = described.fields.filter((one) => !columns.includes(one));
    const parts = items.map((_one, index) => bandRow(place, index, items, columns, ctx, acts, { drag, redraw: draw }));
    rows.replaceChildren(items.length ? el("table", { class: "rc-bands", "aria-label": place.name }, heads(columns, ctx), parts) : "");
    frame.querySelector(":scope > .rc-list-foot > .rc-menu")?.remove();
    if (hidden.length && items.length) frame.lastElementChild.append(columnMenu(hidden, asked, ctx, draw));
    ctx.drawn();
  };
  draw();
  return frame;
}

const columnsOf = (described, items, asked) =>
  described.fields.filter((one) => {
    if (isUsed(one.name, items) || asked.has(one.name)) return true;
    return (!described.main || described.main.includes(one.name)) && !(one.instead && isUsed(one.instead, items));
  });

const isUsed = (name, items) => items.some((item) => isObject(item) && name in item);
function columnMenu(hidden, asked, ctx, draw) {
  return menu(ctx.texts.add_column, hidden.map((one) => [one.name, one.label]), (name) => {
    asked.add(name);
    draw();
  });
}

function heads(columns, ctx) {
  const names = columns.map((one) => el("th", { scope: "col", title: one.help || undefined, text: one.label }));
  return el("thead", {}, el("tr", {}, el("td", {}), names, el("td", {})));
}

// One band: its cells, under them what has no room in a cell, and its problems.
function bandRow(place, index, items, columns, ctx, acts, { drag, redraw }) {
  const path = join(place.path, index);
  const row = el("tr", { class: "rc-band" });
  const faults = el("td", { colspan: columns.length + 2, class: "rc-faults" });
  const tools = rowTools(index, items.length, ctx, {
    move: (to) => acts.move(index, to, to < index ? "up" : "down"),
    remove: () => acts.remove(index),
  });
  const item = isObject(items[index]) ? items[index] : {};
  const places = columns.map((one) => {
    const inner = fieldAt(item, join(path, one.name), one, ctx);
    inner.name = `${one.label}, ${fill(ctx.texts.row, { place: index + 1 })}`;
    return inner;
  });
  const cells = places.map((inner) => cell(inner, ctx, faults, redraw));
  row.append(el("td", { class: "rc-band-handle" }, tools.handle), ...cells, el("td", { class: "rc-band-tools" }, tools.buttons));
  const long = places.filter((inner) => !isShort(inner) && inner.kind.is === "either");
  const below = long.map((inner) =>
    el("tr", {}, el("td", { colspan: columns.length + 2 }, field({ ...inner, name: inner.field.label }, ctx))));
  const body = el("tbody", {}, row, below, el("tr", { class: "rc-band-faults" }, faults));
  draggable(body, index, tools.handle, drag, (from, to) => acts.move(from, to));
  return marked(body, slot(items, index, path, place.kind.of, { name: fill(ctx.texts.row, { place: index + 1 }) }), faults);
}

function cell(inner, ctx, faults, redraw) {
  const long = !isShort(inner) && inner.kind.is === "either";
  if (long) return el("td", { class: "rc-cell rc-cell-long", text: ctx.texts.below_row });
  const shown = control({ ...inner, field: { ...inner.field, default: undefined } }, ctx, redraw, { "aria-label": inner.name });
  return marked(el("td", { class: `rc-cell rc-cell-${inner.kind.is}` }, shown), { ...inner, name: inner.field.label }, faults);
}

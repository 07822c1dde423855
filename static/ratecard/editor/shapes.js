// A struct of several shapes: a step is one of its words, a formula one of its forms, a tariff one of three.

import { el, on, options } from "./dom.js";
import { field, fieldAt, structFields } from "./fields.js";
import { labelValues } from "./names.js";
import { clone, isNumber, shapeOf, valueOf } from "./tree.js";

export function shaped(place, described, ctx, aside) {
  const frame = el("div", { class: `rc-shaped rc-shaped-${place.kind.name.toLowerCase()}` });
  const value = valueOf(place);
  const draw = () => {
    const shape = shapeOf(value, described);
    const pairs = described.shapes.map((one) => [one.key, one.label]);
    if (!shape) pairs.unshift(["", ctx.texts.not_set]);
    const select = el("select", { class: "rc-input rc-shape", "aria-label": on(ctx, ctx.texts.as, place.name || "") }, options(pairs, shape?.key ?? ""));
    select.addEventListener("change", () => {
      const next = described.shapes.find((one) => one.key === select.value);
      if (!next) return;
      convert(value, shape, next, described, ctx);
      ctx.changed();
      draw();
      frame.querySelector(".rc-shape").focus();
      ctx.drawn();
    });
    const help = shape?.help ? el("span", { class: "rc-help", text: shape.help }) : null;
    frame.replaceChildren(el("div", { class: "rc-shape-head" }, select, help, aside), shape ? bodyOf(place, shape, described, ctx) : "");
  };
  draw();
  return frame;
}

function bodyOf(place, shape, described, ctx) {
  const value = valueOf(place);
  const fields = shape.fields.map((name) => described.fields.find((one) => one.name === name));
  const foreign = described.fields.filter((one) => one.name in value && !fields.includes(one));
  if (fields.length === 1 && !foreign.length) {
    const inner = fieldAt(value, place.path ? `${place.path}.${fields[0].name}` : fields[0].name, fields[0], ctx);
    return field({ ...inner, keeps: true }, ctx, { bare: true });
  }
  return structFields(place, [...fields, ...foreign], shape.main, ctx);
}

// Change the shape and keep what still says something: a price becomes the price of every case, a lone
// price the last band, an operand list another operation's.
function convert(value, from, to, described, ctx) {
  const old = clone(value);
  for (const name of Object.keys(value)) delete value[name];
  ctx.stash.set(value, { ...(ctx.stash.get(value) || {}), ...(from ? { [from.key]: old } : {}) });
  const before = ctx.stash.get(value)[to.key];
  Object.assign(value, before || started(old, from, to, described, ctx));
}

function started(old, from, to, described, ctx) {
  if (to.key === "choice") return asChoice(old, described, ctx);
  const base = from?.key === "choice" ? Object.values(old.cases || {}).find((one) => typeof one === "object") || {} : old;
  if (to.key === "bands") return asBands(base);
  if (to.key === "simple") return withoutBands(base, to);
  const [name] = to.fields;
  const target = described.fields.find((one) => one.name === name);
  const source = from && described.fields.find((one) => one.name === from.fields[0]);
  const same = source && JSON.stringify(source.kind) === JSON.stringify(target.kind);
  if (same && to.fields.length === 1) return { [name]: old[source.name] };
  return { [name]: empty(target.kind, old) };
}

function empty(kind, old) {
  if (kind.is === "list") return isNumber(kind.of) ? [typeof old.of === "string" ? old.of : "", ""] : [];
  if (kind.is === "struct") return {};
  return "";
}

function asChoice(old, described, ctx) {
  const pick = "currency";
  const values = labelValues(pick, ctx);
  const isTariff = described.fields.some((one) => one.name === "bands");
  const one = () => (isTariff ? clone(old) : typeof old.of === "string" ? old.of : "");
  return { pick, cases: Object.fromEntries(values.map((value) => [value, one()])) };
}

function asBands(old) {
  const { each, flat, bands, mode, ...rest } = old;
  const last = { ...(each === undefined ? {} : { each }), ...(flat === undefined ? {} : { flat }) };
  return { mode: mode || "graduated", bands: bands || [{ upto: "", ...last }, clone(last)], ...rest };
}

function withoutBands(old, to) {
  const { bands, mode, pick, cases, else: otherwise, ...rest } = old;
  const last = Array.isArray(bands) ? bands.at(-1) || {} : {};
  const price = Object.fromEntries(["each", "flat"].filter((name) => name in last).map((name) => [name, last[name]]));
  return Object.fromEntries(Object.entries({ ...rest, ...price }).filter(([name]) => to.fields.includes(name)));
}

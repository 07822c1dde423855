// Fields of one value: a text, a choice, a tick, a number that may become a formula.

import { button, el, fill, on, options } from "./dom.js";
import { complete } from "./names.js";
import { isNumber, isObject, put, valueOf } from "./tree.js";

function placeholder(place, ctx) {
  const value = place.field?.default;
  if (value === undefined) return undefined;
  return fill(ctx.texts.default, { value: ctx.values[value] || value });
}

export function textInput(place, ctx, attrs = {}) {
  const value = valueOf(place);
  const input = el("input", {
    type: "text",
    class: "rc-input",
    value: value === undefined ? "" : String(value),
    placeholder: placeholder(place, ctx),
    spellcheck: "false",
    inputmode: place.kind.is === "whole" ? "numeric" : undefined,
    ...attrs,
    oninput: () => put(place, input.value, ctx),
  });
  complete(input, place.refers, ctx, place);
  return input;
}

export function choiceInput(place, ctx, attrs = {}) {
  const value = valueOf(place);
  const known = place.kind.values.map((one) => [one, ctx.values[one] || one]);
  if (value !== undefined && !place.kind.values.includes(value)) known.unshift([value, String(value)]);
  const none = place.field?.required || place.keeps ? [] : [["", placeholder(place, ctx) || "–"]];
  const select = el("select", { class: "rc-input", ...attrs }, options([...none, ...known], value ?? ""));
  select.addEventListener("change", () => {
    put(place, select.value, ctx);
    place.changed?.();
  });
  return select;
}

export function switchInput(place, ctx, attrs = {}) {
  const input = el("input", { type: "checkbox", class: "rc-box", checked: valueOf(place) === true, ...attrs });
  input.addEventListener("change", () => put(place, input.checked || undefined, ctx));
  return input;
}

// A literal or a name; the button beside it makes it a formula, or details, that start from what was typed.
export function unfoldingInput(place, ctx, redraw, attrs = {}) {
  const number = isNumber(place.kind);
  const input = textInput({ ...place, refers: number ? "numbers" : place.refers }, ctx, { ...attrs, class: "rc-input rc-figure" });
  const name = number ? ctx.texts.formula : ctx.texts.details;
  const expand = button(number ? "ƒ" : "…", () => {
    const typed = valueOf(place) ?? place.field?.default ?? "";
    const first = ctx.schema.structs[place.kind.of[1].name].fields.find((one) => one.required && one.kind.is === "text");
    put(place, number ? { of: typed, steps: [] } : { [first?.name ?? "of"]: typed }, ctx);
    redraw(true);
  }, { class: "rc-fx", title: name, "aria-label": on(ctx, name, attrs["aria-label"] || place.name || "") });
  return el("span", { class: "rc-number-field" }, input, expand);
}

// What a formula or details come to if made plain again: the text they start from, if there is one.
export function plainOf(formula) {
  const first = formula.of ?? formula.to ?? formula.unit ?? [formula.plus, formula.minus, formula.times].flat().find((one) => typeof one === "string");
  return typeof first === "string" ? first : "";
}

// Several of a closed set; the order in which they were ticked is kept.
export function ticks(place, pairs, ctx, { coded = false } = {}) {
  const chosen = () => (Array.isArray(valueOf(place)) ? valueOf(place) : []);
  const known = new Set(pairs.map(([value]) => value));
  const all = [...pairs, ...chosen().filter((one) => !known.has(one)).map((one) => [one, one])];
  const boxes = all.map(([value, text]) => {
    const input = el("input", { type: "checkbox", class: "rc-box", checked: chosen().includes(value) });
    input.addEventListener("change", () => {
      const rest = chosen().filter((one) => one !== value);
      const next = input.checked ? [...rest, value] : rest;
      put(place, next.length ? next : undefined, ctx);
    });
    return el("label", { class: "rc-tick-label" }, input, el("span", { text }), coded && text !== value ? el("code", { text: value }) : null);
  });
  return el("div", { class: "rc-ticks", role: "group", "aria-label": place.name }, boxes);
}

// A value in a few words, for the head of a folded part.
export function brief(value, ctx) {
  if (value === undefined || value === "") return "…";
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.map((one) => brief(one, ctx)).join(", ");
  for (const [word, sign] of [["plus", " + "], ["minus", " − "], ["times", " × "], ["over", " ÷ "]]) {
    if (Array.isArray(value[word])) return value[word].map((one) => brief(one, ctx)).join(sign);
  }
  if (value.spend) return brief(value.spend, ctx);
  if (value.pick !== undefined) return `${ctx.word("Tariff", "pick")} ${value.pick}`;
  if (value.of !== undefined || value.steps) return brief(value.of ?? "1", ctx);
  return isObject(value) ? Object.keys(value).map((key) => ctx.word("Formula", key)).join(", ") : "";
}

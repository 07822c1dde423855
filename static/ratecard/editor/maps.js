// Mappings: named rows, and the names of a thing in both languages.

import { button, el, freshId, iconButton, on } from "./dom.js";
import { field } from "./fields.js";
import { complete, namesFor } from "./names.js";
import { blank, isNumber, isObject, join, put, slot, valueOf } from "./tree.js";

const LANGUAGES = ["en", "zh-Hans"];

export function mapRows(place, ctx) {
  const rows = el("ul", { class: "rc-rows rc-map" });
  const frame = el("div", { class: "rc-list" }, rows);
  const map = () => (isObject(valueOf(place)) ? valueOf(place) : {});
  const draw = () => {
    const entries = Object.keys(map());
    rows.replaceChildren(...entries.map((key) => entry(place, key, map, ctx, draw)));
    ctx.drawn();
  };
  frame.append(adder(place, map, ctx, draw, rows));
  draw();
  return frame;
}

function entry(place, key, map, ctx, draw) {
  const inner = slot(map(), key, join(place.path, key), place.kind.of, {
    name: key, keeps: true, refers: place.kind.of.is === "either" ? place.refers : undefined,
  });
  const name = el("input", {
    type: "text", class: "rc-input rc-key", value: key, "aria-label": on(ctx, place.name, key), spellcheck: "false",
  });
  complete(name, place.refers, ctx, place);
  name.addEventListener("change", () => {
    const wanted = name.value.trim();
    if (!wanted || (wanted !== key && wanted in map())) {
      name.value = key;
      ctx.say(ctx.texts.duplicate);
      return;
    }
    renamed(place, map(), key, wanted, ctx);
    draw();
  });
  const remove = iconButton("delete", on(ctx, ctx.texts.remove, key), () => {
    const whole = map();
    delete whole[key];
    put(place, Object.keys(whole).length || place.keeps ? whole : undefined, ctx);
    draw();
    ctx.say(ctx.texts.removed);
  }, { "data-remove": true });
  const known = place.refers ? namesFor(place.refers, ctx, place).find(([code]) => code === key)?.[1] : "";
  const said = known ? el("small", { class: "rc-named", text: known }) : "";
  return el("li", { class: "rc-row" }, el("div", { class: "rc-entry" }, name, said, field(inner, ctx, { bare: true })), el("span", { class: "rc-tools" }, remove));
}

// Give an entry another name at its own place.
function renamed(place, whole, from, to, ctx) {
  const pairs = Object.entries(whole).map(([key, value]) => [key === from ? to : key, value]);
  place.holder[place.key] = Object.fromEntries(pairs);
  ctx.changed();
}

function adder(place, map, ctx, draw, rows) {
  const input = el("input", { type: "text", class: "rc-input rc-key", placeholder: ctx.texts.new_name, "aria-label": on(ctx, place.name, ctx.texts.new_name), spellcheck: "false" });
  complete(input, place.refers, ctx, place);
  const add = () => {
    const key = input.value.trim();
    if (!key) { input.focus(); return; }
    if (key in map()) { ctx.say(ctx.texts.duplicate); input.focus(); return; }
    const whole = map();
    whole[key] = isNumber(place.kind.of) ? "" : blank(place.kind.of, ctx);
    put(place, whole, ctx);
    input.value = "";
    draw();
    ctx.say(ctx.texts.added);
    rows.lastElementChild?.querySelector(".rc-field input, .rc-field select, .rc-field button")?.focus();
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); add(); }
  });
  return el("div", { class: "rc-adder" }, input, button(ctx.texts.add, add, { class: "rc-mini rc-add", "aria-label": on(ctx, ctx.texts.add, place.name) }));
}

// The name in each language, side by side; other languages, if there are any, stay as they are.
export function languages(place, ctx) {
  const inputs = LANGUAGES.map((language) => {
    const id = freshId();
    const input = el("input", { type: "text", class: "rc-input", id, lang: language, value: valueOf(place)?.[language] ?? "" });
    input.addEventListener("input", () => {
      const { [language]: _old, ...others } = valueOf(place) || {};
      const names = input.value ? { ...(valueOf(place) || {}), [language]: input.value } : others;
      put(place, Object.keys(names).length ? names : undefined, ctx);
    });
    return el("span", { class: "rc-language" }, el("label", { for: id, text: ctx.texts[language] }), input);
  });
  return el("div", { class: "rc-languages" }, inputs);
}

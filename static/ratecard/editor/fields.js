// One field, whatever its kind: its name, help, control, and the place for its problems.

import { button, el, focusFirst, freshId, iconButton, menu, on, options } from "./dom.js";
import { namesFor } from "./names.js";
import { languages, mapRows } from "./maps.js";
import { listRows, words } from "./rows.js";
import { choiceInput, plainOf, switchInput, textInput, ticks, unfoldingInput } from "./scalars.js";
import { shaped } from "./shapes.js";
import { table } from "./table.js";
import { blank, isFlat, isNumber, isObject, memberOf, put, slot, unfolds, valueOf } from "./tree.js";

const SHORT = ["text", "whole", "choice", "switch"];

// Whether a place is one input, so that it may stand beside others.
export function isShort(place) {
  const { kind } = place;
  if (SHORT.includes(kind.is)) return true;
  if (kind.is !== "either") return false;
  const value = valueOf(place);
  return value === undefined ? unfolds(kind) : typeof value !== "object";
}

// Mark an element as the one that shows a path; its problems are put where `faults` says.
export function marked(element, place, faults) {
  element.dataset.path = place.path;
  if (place.name) element.dataset.name = place.name;
  element.faults = faults;
  return element;
}

export function fieldAt(holder, path, field, ctx) {
  return slot(holder, field.name, path, field.kind, {
    field, name: field.label, help: field.help, refers: field.refers, keeps: field.required,
  });
}

// Draw a place with its label. `bare`: the label stands elsewhere and is only said.
export function field(place, ctx, { bare = false, onremove = null } = {}) {
  const box = el("div");
  const faults = el("div", { class: "rc-faults" });
  const draw = (refocus) => {
    const short = isShort(place);
    const id = freshId();
    const single = short && (place.kind.is !== "either" || unfolds(place.kind));
    const naming = bare ? { "aria-label": place.name } : { id };
    const name = single
      ? el("label", { for: id, class: "rc-label", text: place.name })
      : el("span", { class: "rc-label", id: `${id}-n`, text: place.name });
    const help = place.help ? el("p", { class: "rc-help", text: place.help }) : null;
    const remove = onremove && iconButton("close", on(ctx, ctx.texts.remove, place.name), onremove, { class: "rc-icon rc-drop" });
    const shown = control(place, ctx, draw, naming);
    if (!single) shown.setAttribute("role", shown.getAttribute("role") || "group");
    if (!single) shown.setAttribute("aria-label", place.name);
    const looks = [short ? "" : "rc-field-wide", bare ? "rc-field-bare" : "", `rc-field-${place.kind.is}`];
    box.className = `rc-field ${looks.join(" ")}`;
    if (place.kind.is === "switch" && !bare) {
      box.replaceChildren(el("div", { class: "rc-switch" }, shown, name, remove), help || "", faults);
    } else {
      const head = bare ? [] : [el("div", { class: "rc-head" }, name, remove)];
      const helped = bare || !help ? [shown] : short ? [shown, help] : [help, shown];
      box.replaceChildren(...head, ...helped, faults);
    }
    if (refocus) focusFirst(shown);
  };
  draw(false);
  return marked(box, place, faults);
}

export function control(place, ctx, redraw, attrs = {}) {
  const { kind } = place;
  if (kind.is === "switch") return switchInput(place, ctx, attrs);
  if (kind.is === "choice") return choiceInput(place, ctx, attrs);
  if (kind.is === "list") return listControl(place, ctx, redraw);
  if (kind.is === "map") return place.field?.languages ? languages(place, ctx) : mapRows(place, ctx);
  if (kind.is === "struct") return struct(place, ctx, redraw);
  if (kind.is === "either") return either(place, ctx, redraw, attrs);
  return textInput(place, ctx, attrs);
}

function listControl(place, ctx, redraw) {
  const { of } = place.kind;
  if (place.field?.closed) return ticks(place, namesFor(place.refers, ctx, place), ctx, { coded: true });
  if (of.is === "choice") return ticks(place, of.values.map((one) => [one, ctx.values[one] || one]), ctx);
  if (of.is === "text") return words(place, ctx);
  return isFlat(of, ctx.schema) ? table(place, ctx) : listRows(place, ctx);
}

function either(place, ctx, redraw, attrs) {
  const value = valueOf(place);
  const member = memberOf(place.kind, value);
  if (unfolds(place.kind)) {
    return isObject(value) ? unfolded(place, member, ctx, redraw) : unfoldingInput(place, ctx, redraw, attrs);
  }
  const pairs = place.kind.of.map((one, index) => [String(index), memberWord(place, one, index, ctx)]);
  if (value === undefined) pairs.unshift(["", ctx.texts.not_set]);
  const chosen = value === undefined ? "" : String(place.kind.of.indexOf(member));
  const select = el("select", { class: "rc-input rc-kind", "aria-label": on(ctx, ctx.texts.as, place.name) }, options(pairs, chosen));
  select.addEventListener("change", () => {
    const next = place.kind.of[Number(select.value)];
    put({ ...place, keeps: true }, carried(value, next, ctx), ctx);
    redraw(true);
  });
  if (value === undefined) return el("div", { class: "rc-either" }, select);
  return el("div", { class: "rc-either" }, select, control({ ...place, kind: member }, ctx, redraw, { "aria-label": place.name }));
}

function memberWord(place, member, index, ctx) {
  const own = place.field && ctx.label(`${place.field.name}.${index}`);
  if (own) return own;
  if (member.is === "choice") return member.values.map((one) => ctx.values[one] || one).join(", ");
  return ctx.texts[`${member.is}_is`] || member.is;
}

// Keep what was said when the kind of a value changes: one text becomes a list of it, and back.
function carried(value, member, ctx) {
  if (member.is === "list" && !Array.isArray(value) && member.of.is === "text") return [typeof value === "string" ? value : ""];
  if (member.is === "text" && Array.isArray(value)) return value[0] ?? "";
  if (member.is === "struct" && typeof value === "string") {
    const first = ctx.schema.structs[member.name].fields.find((one) => one.required && one.kind.is === "text");
    return first ? { [first.name]: value } : {};
  }
  return blank(member, ctx);
}

function unfolded(place, member, ctx, redraw) {
  const back = button(isNumber(place.kind) ? ctx.texts.plain : ctx.texts.plain_text, () => {
    put(place, plainOf(valueOf(place)) || undefined, ctx);
    redraw(true);
  });
  const inner = { ...place, kind: member };
  const body = isNumber(place.kind) ? [struct(inner, ctx, redraw, back)] : [struct(inner, ctx, redraw), back];
  return el("div", { class: "rc-formula" }, body);
}

// A struct: its fields, or the fields of the shape it has.
export function struct(place, ctx, redraw, aside = null) {
  const described = ctx.schema.structs[place.kind.name];
  if (valueOf(place) === undefined) {
    const make = () => { place.holder[place.key] = {}; ctx.changed(); redraw(true); };
    return el("div", {}, button(ctx.texts.set, make, { "aria-label": on(ctx, ctx.texts.set, place.name) }));
  }
  if (described.shapes) return shaped(place, described, ctx, aside);
  return structFields(place, described.fields, described.main, ctx);
}

// Fields of an object: those that are main or set; the others wait in a menu.
export function structFields(place, fields, main, ctx) {
  const value = valueOf(place);
  const entries = fields.filter((one) => !one.hidden).map((one) => ({
    holder: value,
    path: place.path ? `${place.path}.${one.name}` : one.name,
    field: one,
    main: !main || main.includes(one.name) || one.required,
  }));
  const rank = ({ field: one }) => (main && main.includes(one.name) ? main.indexOf(one.name) : fields.length + fields.indexOf(one));
  if (main) entries.sort((a, b) => rank(a) - rank(b));
  const known = new Set(fields.map((one) => one.name));
  return fieldGroup(entries, ctx, Object.keys(value).filter((key) => !known.has(key)), value);
}

export function fieldGroup(entries, ctx, strangers = [], value = null) {
  const body = el("div", { class: "rc-fields" });
  const shownOf = (holder) => ctx.shown.get(holder) || ctx.shown.set(holder, new Set()).get(holder);
  const draw = (focus) => {
    const shown = entries.filter((one) => one.main || one.field.name in one.holder || shownOf(one.holder).has(one.field.name));
    const waiting = entries.filter((one) => !shown.includes(one));
    const boxes = shown.map((one) => {
      const drop = () => {
        delete one.holder[one.field.name];
        shownOf(one.holder).delete(one.field.name);
        ctx.changed();
        draw();
      };
      return field(fieldAt(one.holder, one.path, one.field, ctx), ctx, { onremove: one.main ? null : drop });
    });
    body.replaceChildren(...boxes, ...strangersOf(strangers, value, ctx, draw));
    if (waiting.length) body.append(waitingMenu(waiting, shownOf, ctx, draw));
    if (focus !== undefined) focusFirst(boxes[shown.findIndex((one) => one.path === focus)]);
  };
  draw();
  return body;
}

function waitingMenu(waiting, shownOf, ctx, draw) {
  const pairs = waiting.map((one) => [one.path, one.field.label]);
  return menu(ctx.texts.add_field, pairs, (path) => {
    const one = waiting.find((entry) => entry.path === path);
    shownOf(one.holder).add(one.field.name);
    if (one.field.kind.is === "struct") one.holder[one.field.name] = {};
    if (one.field.kind.is === "switch") one.holder[one.field.name] = true;
    ctx.changed();
    draw(path);
  });
}

// Words the schema does not know: kept and shown, so that nothing is lost unseen.
function strangersOf(keys, value, ctx, draw) {
  const left = keys.filter((key) => key in value);
  if (!left.length) return [];
  const rows = left.map((key) => el("li", {}, el("code", { text: key }), " ",
    button(ctx.texts.remove, () => { delete value[key]; ctx.changed(); draw(); })));
  return [el("div", { class: "rc-field rc-field-wide rc-strangers" }, el("p", { text: ctx.texts.unknown }), el("ul", {}, rows))];
}

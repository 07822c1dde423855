// The document being edited: a plain tree. A slot is one place in it; only what is edited changes.

export function join(path, key) {
  if (typeof key === "number") return `${path}[${key}]`;
  return path ? `${path}.${key}` : key;
}

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
export const clone = (value) => (value === undefined ? undefined : structuredClone(value));

// `keeps`: emptied, it says "" instead of nothing, as its place would be lost or its absence mean another shape.
export function slot(holder, key, path, kind, more = {}) {
  return { holder, key, path, kind, ...more };
}

export const valueOf = (place) => place.holder[place.key];

export function put(place, value, ctx) {
  const gone = value === undefined || (value === "" && !place.keeps);
  if (gone && Array.isArray(place.holder)) place.holder[place.key] = "";
  else if (gone) delete place.holder[place.key];
  else place.holder[place.key] = value;
  ctx.changed();
}

// What an empty value of a kind is, for a row or field just added.
export function blank(kind, ctx) {
  if (kind.is === "list") return [];
  if (kind.is === "map" || kind.is === "struct") return {};
  if (kind.is === "either") return blank(kind.of[0], ctx);
  if (kind.is === "switch") return false;
  return kind.is === "choice" ? kind.values[0] : "";
}

// A number is a literal, a name or a formula; in other unions the shape of the value tells the member.
export const isNumber = (kind) => kind.is === "either" && kind.of.some((one) => one.name === "Formula");

// A text that may be unfolded into details: every number, and such as a rounding or a fact's unit.
export function unfolds(kind) {
  if (kind.is !== "either" || kind.of.length !== 2) return false;
  return kind.of[0].is === "text" && kind.of[1].is === "struct";
}

export function memberOf(kind, value) {
  const fits = {
    list: Array.isArray(value),
    map: isObject(value),
    struct: isObject(value),
  };
  const compound = Array.isArray(value) || isObject(value);
  return kind.of.find((one) => (one.is in fits ? fits[one.is] : !compound)) || kind.of[0];
}

export function shapeOf(value, struct) {
  const shapes = struct.shapes || [];
  return (
    shapes.find((shape) => shape.signs.some((sign) => sign in value)) ||
    shapes.find((shape) => shape.signs.length === 0) ||
    null
  );
}

// A struct of short values only: a list of those is a table.
export function isFlat(kind, schema) {
  if (kind.is !== "struct" || schema.structs[kind.name].shapes) return false;
  return schema.structs[kind.name].fields.every(
    ({ kind: one }) =>
      ["text", "whole", "switch", "choice"].includes(one.is) ||
      isNumber(one) ||
      (one.is === "list" && one.of.is === "choice"),
  );
}

export function moved(list, from, to) {
  const [one] = list.splice(from, 1);
  list.splice(to, 0, one);
}

// What a text may be completed with: the document's own names as they stand now, then the catalogue's.

import { el } from "./dom.js";
import { isObject } from "./tree.js";

const keys = (value) => (isObject(value) ? Object.keys(value) : []);
const list = (value) => (Array.isArray(value) ? value.filter((one) => typeof one === "string") : []);

const rows = (value) => (Array.isArray(value) ? value.filter(isObject) : []);
const charges = (root, doc) => [...rows(doc.charges), ...rows(root.closing)];

function options(root, doc) {
  const sold = [["module", "modules"], ["sla", "sla_tiers"], ["support", "support_tiers"], ["coupon", "coupons"]];
  return [
    ...list(doc.options),
    ...sold.flatMap(([kind, section]) => list(root[section]).map((code) => `${kind}.${code}`)),
  ];
}

function currencies(doc) {
  return typeof doc.currency === "string" ? [doc.currency] : list(doc.currency);
}

export function labelValues(label, ctx) {
  const { doc, known } = ctx;
  if (label === "currency") return currencies(doc());
  return list(doc().labels?.[label]).concat(list(known.labels[label]));
}

const SOURCES = {
  numbers: ({ root, doc, known }) => [
    ...keys(doc().numbers).map((name) => [name, ""]),
    ...keys(doc().meters).map((name) => [name, ""]),
    ...known.meters,
    ...keys(doc().facts).map((name) => [name, ""]),
    ...known.facts,
    ...options(root(), doc()).map((name) => [name, ""]),
  ],
  pools: ({ doc }) => keys(doc().pools),
  labels: ({ root, doc, known }) => [
    "currency",
    ...Object.keys(known.labels),
    ...keys(doc().labels),
    ...charges(root(), doc()).map((one) => one.split).filter(Boolean),
  ],
  spend: ({ root, doc }) => [...charges(root(), doc()).flatMap((one) => [...list(one.tags), one.code]), ...list(doc().tags)],
  tags: ({ root, doc }) => ["plan", "usage", "module", "sla", "support", ...charges(root(), doc()).flatMap((one) => list(one.tags))],
  options: ({ root, doc }) => options(root(), doc()),
  schedules: ({ doc }) => keys(doc().schedules),
};

// Return [value, explanation] pairs without repetition; a place may ask for the values of its label.
export function namesFor(refers, ctx, place) {
  const found = refers === "cases" ? labelValues(place.holder.pick, ctx)
    : SOURCES[refers] ? SOURCES[refers](ctx) : ctx.known[refers] || [];
  const pairs = found.filter(Boolean).map((one) => (Array.isArray(one) ? one : [one, ""]));
  return [...new Map(pairs.reverse()).entries()].reverse();
}

// Complete an input when it is entered, so that names given a moment ago are offered too.
export function complete(input, refers, ctx, place) {
  input.setAttribute("autocomplete", "off");
  if (!refers) return;
  const id = `${ctx.key}-${refers}`;
  input.addEventListener("focus", () => {
    let offered = document.getElementById(id);
    if (!offered) {
      offered = el("datalist", { id });
      ctx.frame.append(offered);
    }
    offered.replaceChildren(...namesFor(refers, ctx, place).map(([value, label]) => el("option", { value, label: label || undefined })));
    input.setAttribute("list", id);
  });
}

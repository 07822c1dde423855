// Problems: all of them in one list above the form, each beside its field as well.

import { button, el } from "./dom.js";

// Return the element that shows a path, or the nearest one around it.
function nearest(byPath, path) {
  let found = path;
  while (found && !byPath.has(found)) found = found.slice(0, Math.max(found.lastIndexOf("."), found.lastIndexOf("["), 0));
  return byPath.get(found) || null;
}

export function place(problems, ctx) {
  const { form } = ctx;
  for (const box of form.querySelectorAll(".rc-faults")) box.replaceChildren();
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  for (const summary of form.querySelectorAll("summary[data-bad]")) delete summary.dataset.bad;
  const byPath = new Map([...form.querySelectorAll("[data-path]")].map((one) => [one.dataset.path, one]));
  for (const one of problems) mark(nearest(byPath, one.path), one);
}

function mark(element, problem) {
  for (let up = element; up; up = up.parentElement?.closest("details")) {
    const summary = up.matches("details") && up.querySelector(":scope > summary");
    if (summary) summary.dataset.bad = "";
  }
  const inner = element?.querySelector(":scope > details > summary");
  if (inner) inner.dataset.bad = "";
  element?.faults?.append(el("p", { class: "rc-fault", text: problem.text }));
  const inputs = element ? element.querySelectorAll("input, select") : [];
  if (inputs.length === 1 || element?.matches("td")) inputs[0]?.setAttribute("aria-invalid", "true");
}

// The list above the form. A problem of a module or tier has no field here; its sentence names the part.
export function listed(problems, ctx, frame) {
  if (!problems.length) {
    frame.replaceChildren(ctx.checks ? el("p", { class: "rc-clear", text: ctx.texts.no_problems }) : "");
    return;
  }
  const byPath = new Map([...ctx.form.querySelectorAll("[data-path]")].map((one) => [one.dataset.path, one]));
  const rows = problems.map((one) => {
    const found = nearest(byPath, one.path);
    const name = found ? button(trail(found), () => show(one.path, ctx), { class: "rc-goto", title: one.path }) : "";
    return el("li", {}, name, found ? " " : "", one.text);
  });
  frame.replaceChildren(el("div", { class: "rc-problems", role: "status" }, el("strong", { text: ctx.texts.problems }), el("ul", {}, rows)));
}

// The way to a field: the names around it, those of list rows left out where their content has a name.
function trail(element) {
  const names = [];
  for (let up = element; up; up = up.parentElement.closest("[data-path]")) {
    const name = up.dataset.name;
    if (name && names[0] !== name) names.unshift(name);
  }
  return names.join(" › ");
}

// Unfold everything around a path, then go to its first input.
export function show(path, ctx) {
  const byPath = new Map([...ctx.form.querySelectorAll("[data-path]")].map((one) => [one.dataset.path, one]));
  const found = nearest(byPath, path);
  if (!found) return;
  for (const one of [found.querySelector(":scope > details"), ...ancestors(found)]) if (one) one.open = true;
  reveal(found);
}

function* ancestors(element) {
  for (let up = element.closest("details"); up; up = up.parentElement.closest("details")) yield up;
}

function reveal(element) {
  element.scrollIntoView({ block: "center" });
  const target = element.querySelector("[aria-invalid], input, select, textarea, summary, button");
  if (target) target.focus({ preventScroll: true });
}

// Elements made without markup, so that no text of a document is ever read as HTML.

export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && typeof value !== "string") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// A button that never sends the form around it.
export function button(text, onclick, props = {}) {
  return el("button", { type: "button", class: "rc-mini", text, onclick, ...props });
}

// A button that shows an icon of the theme's font and says its name.
export function iconButton(icon, name, onclick, props = {}) {
  const mark = el("span", { class: "material-symbols-outlined", "aria-hidden": "true", text: icon });
  return el("button", { type: "button", class: "rc-icon", title: name, "aria-label": name, onclick, ...props }, mark);
}

export function options(pairs, chosen) {
  return pairs.map(([value, text]) => el("option", { value, text, selected: value === chosen }));
}

// A menu that does something with what was chosen and shows its own title again.
export function menu(title, pairs, onpick) {
  const select = el("select", { class: "rc-menu", "aria-label": title }, options([["", title], ...pairs], ""));
  select.addEventListener("change", () => {
    const chosen = select.value;
    select.value = "";
    if (chosen) onpick(chosen);
  });
  return select;
}

let count = 0;
export function freshId() {
  count += 1;
  return `rc-f${count}`;
}

export function fill(text, params) {
  return text.replace(/%\((\w+)\)s/g, (_whole, name) => String(params[name]));
}

// An act and what it is done to, for people who hear the page.
export function on(ctx, act, name) {
  return fill(ctx.texts.act_on, { act, name });
}

const FIRST = "input:not([type=hidden]), select:not(.rc-menu), textarea";
export function focusFirst(element) {
  const target = element && (element.querySelector(FIRST) || element.querySelector("button, summary"));
  if (target) target.focus();
}

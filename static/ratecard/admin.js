// Line numbers beside catalogue text, and buttons that act once. Every page works without it.
"use strict";

function numberLines(area) {
  const bad = new Set((area.dataset.badLines || "").split(",").filter(Boolean).map(Number));
  const frame = document.createElement("div");
  const lines = document.createElement("div");
  frame.className = "rc-source-frame";
  lines.className = "rc-lines";
  lines.setAttribute("aria-hidden", "true");
  area.replaceWith(frame);
  frame.append(lines, area);
  const draw = () => {
    const count = area.value.split("\n").length;
    lines.replaceChildren(...Array.from({ length: count }, (_, i) => {
      const line = document.createElement("div");
      line.textContent = String(i + 1);
      if (bad.has(i + 1)) line.className = "rc-bad";
      return line;
    }));
    follow();
  };
  const follow = () => { lines.style.height = `${area.clientHeight}px`; lines.scrollTop = area.scrollTop; };
  area.addEventListener("input", () => { bad.clear(); draw(); });
  area.addEventListener("scroll", follow);
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;  // keep the indent of the line above
    const before = area.value.slice(0, area.selectionStart);
    const indent = /[^\n]*$/.exec(before)[0].match(/^ */)[0];
    event.preventDefault();
    area.setRangeText(`\n${indent}`, area.selectionStart, area.selectionEnd, "end");
    draw();
  });
  new ResizeObserver(follow).observe(area);
  draw();
}

function goToLine(area, number) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[number - 1] || "").length);
  area.scrollTop = Math.max(0, (number - 6) * 20);
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("textarea.rc-source").forEach(numberLines);
  document.querySelectorAll("button[data-line]").forEach((button) => {
    button.addEventListener("click", () => {
      goToLine(document.getElementById(button.dataset.area), Number(button.dataset.line));
    });
  });
  document.querySelectorAll("form").forEach((form) => {
    form.addEventListener("submit", () => {
      const button = form.querySelector("button[data-once]");
      if (button) setTimeout(() => { button.disabled = true; }, 0);
    });
  });
});

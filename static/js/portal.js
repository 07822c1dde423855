/* What the pages gain with script: one submit per click, menus that close, copy, coupled sliders. */
(function () {
  "use strict";

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.hasAttribute("hx-get") || form.method === "get") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    form.querySelectorAll("button[type=submit]").forEach(function (button) {
      button.setAttribute("aria-busy", "true");
    });
  });

  // A page taken from the back-forward cache may be sent again.
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach(function (button) {
        button.removeAttribute("aria-busy");
      });
    });
  });

  function closeDrops(except) {
    document.querySelectorAll("details.drop[open]").forEach(function (drop) {
      if (!except || !drop.contains(except)) drop.removeAttribute("open");
    });
  }
  document.addEventListener("click", function (event) {
    closeDrops(event.target);
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    var open = document.querySelector("details.drop[open] > summary");
    closeDrops(null);
    if (open) open.focus();
  });

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button || !navigator.clipboard) return;
    var source = document.getElementById(button.dataset.copy);
    navigator.clipboard.writeText(source.textContent.trim()).then(function () {
      var label = button.querySelector("[data-copy-label]");
      if (label) label.textContent = button.dataset.copied;
    });
  });

  // A second click on an opened explanation closes it.
  document.addEventListener("htmx:beforeRequest", function (event) {
    var link = event.detail.elt;
    if (!link.hasAttribute("data-opens")) return;
    var row = event.detail.target;
    var isOpen = row.childElementCount > 0;
    link.setAttribute("aria-expanded", String(!isOpen));
    if (isOpen) {
      event.preventDefault();
      row.replaceChildren();
    }
  });

  // A slider moves on a curve (small figures matter more); the number field is what is sent.
  var STEPS = 1000;
  function roundNice(value) {
    if (value < 100) return Math.round(value);
    var unit = Math.pow(10, Math.floor(Math.log10(value)) - 1);
    return Math.round(value / unit) * unit;
  }
  function couple(slider) {
    var field = document.getElementById(slider.dataset.slides);
    var top = Number(slider.dataset.top);
    function toSlider() {
      var share = Math.min(1, Math.max(0, Number(field.value || 0) / top));
      slider.value = String(Math.round(Math.cbrt(share) * STEPS));
    }
    slider.addEventListener("input", function () {
      field.value = String(roundNice(Math.pow(Number(slider.value) / STEPS, 3) * top));
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    field.addEventListener("input", function () {
      if (document.activeElement !== slider) toSlider();
    });
    toSlider();
  }
  document.querySelectorAll("[data-slides]").forEach(couple);
})();

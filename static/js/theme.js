/* Runs before the first paint: light or dark by the reader's own choice, else by the system's. */
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  function chosen() {
    try {
      return window.localStorage.getItem("theme");
    } catch (error) {
      return null; // storage refused: the system decides
    }
  }
  function apply() {
    root.setAttribute("data-bs-theme", chosen() || (system.matches ? "dark" : "light"));
  }
  root.classList.add("js");
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-theme-toggle]");
    if (!button) return;
    var next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try {
      window.localStorage.setItem("theme", next);
    } catch (error) {
      /* the choice lasts for this page only */
    }
    root.setAttribute("data-bs-theme", next);
    document.dispatchEvent(new CustomEvent("themechange"));
  });
})();

// Small helps; every page works without them.
(function () {
  "use strict";

  // A pressed submit button turns busy and its form is sent once, however often it is tapped.
  function makeBusy(form, button) {
    form.dataset.sent = "true";
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    if (button.dataset.busy) button.textContent = button.dataset.busy;
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || event.defaultPrevented || form.hasAttribute("data-again")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    var button = event.submitter;
    if (button && button.getAttribute("aria-disabled") === "true") button = null;
    makeBusy(form, button);
  });

  // Coming back with the browser's own button shows the form ready again.
  window.addEventListener("pageshow", function (event) {
    if (!event.persisted) return;
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
    });
    document.querySelectorAll("[aria-busy=true]").forEach(function (button) {
      button.removeAttribute("aria-busy");
    });
  });

  // A select or check marked data-submit sends its form when it changes; the form keeps its button for everyone else.
  document.addEventListener("change", function (event) {
    if (event.target.hasAttribute && event.target.hasAttribute("data-submit") && event.target.form) {
      event.target.form.requestSubmit();
    }
  });

  // How many come is shown beside the form: those ticked, or the number filled in instead of names.
  document.addEventListener("input", function (event) {
    var form = event.target.form;
    var shown = form && form.querySelector("[data-coming]");
    if (!shown) return;
    var seats = form.elements.namedItem("seats");
    var count = (seats && parseInt(seats.value, 10)) || form.querySelectorAll("input[name=students]:checked").length;
    shown.textContent = count === 1 ? shown.dataset.one : shown.dataset.many.replace("2", String(count));
  });

  // A long list marked data-fold-on-phone begins folded where there is little room.
  if (window.matchMedia("(max-width: 700px)").matches) {
    document.querySelectorAll("details[data-fold-on-phone]").forEach(function (list) {
      list.open = false;
    });
  }

  // What is true only with scripts is said only with them.
  document.querySelectorAll("[data-with-script]").forEach(function (part) {
    part.hidden = false;
  });

  // A button marked data-print prints the page.
  document.addEventListener("click", function (event) {
    if (event.target.closest && event.target.closest("[data-print]")) window.print();
  });
})();

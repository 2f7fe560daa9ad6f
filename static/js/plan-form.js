// A new plan's form; it works without.
(function () {
  "use strict";

  // A new plan says whom it is for as its schools are ticked, and tells the server that this was seen.
  function sayPlannedFor(form) {
    var classes = 0, students = 0;
    var ticked = form.querySelectorAll("input[name=schools]:checked");
    var keys = Array.prototype.map.call(ticked, function (box) {
      classes += Number(box.dataset.classes);
      students += Number(box.dataset.students);
      return Number(box.value);
    }).sort(function (one, other) { return one - other; });
    var chosen = form.querySelector("[data-chosen]");
    chosen.textContent = chosen.dataset.chosen.replace("{chosen}", String(keys.length));
    var part = form.querySelector("[data-planned-for]");
    function counted(count, one, many) {
      return count === 1 ? one : many.replace("2", count.toLocaleString("en"));
    }
    var words = part.dataset;
    part.hidden = !keys.length;
    part.querySelector("[data-sentence]").textContent = words.plannedFor
      .replace("{classes}", counted(classes, words.classOne, words.classMany))
      .replace("{students}", counted(students, words.studentOne, words.studentMany));
    form.elements.seen.value = form.elements.seen.value.split("-")[0] + "-" + keys.join(".");
  }

  document.querySelectorAll("[data-planned-for]").forEach(function (part) {
    var form = part.closest("form");
    form.addEventListener("change", function (event) {
      if (event.target.name === "schools") sayPlannedFor(form);
    });
    // A browser that comes back has its ticks, and not our words.
    window.addEventListener("pageshow", function () { sayPlannedFor(form); });
  });
})();

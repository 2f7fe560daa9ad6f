// A whole class by the code that its companion shows: everybody ticked; who is not there is tapped. The same on leaving.
//
//   Door.wholeClass.open(list, found, kind, mark)   mark(kind, students) notes it.
(() => {
  "use strict";

  const Door = window.Door;
  const { fill, lookOf, make, part } = Door.board;
  const words = Door.words;
  let shown = null;

  // Whether noting it would change anything for the student.
  const isOpenTo = (state, kind) => (kind === "out" ? Door.states.isInside(state) : !state.mark);

  function row(seat, state, kind) {
    const told = [make("b", "", seat.seat_no), ` ${seat.name}`];
    if (!isOpenTo(state, kind)) {
      const done = make("p", "done-s");
      done.append(...told, " ", make("span", "s mute", lookOf(state).spoken));
      return done;
    }
    const label = make("label");
    const box = make("input");
    box.type = "checkbox";
    box.name = "student";
    box.value = seat.student;
    box.checked = true;
    const line = make("span");
    line.append(...told);
    label.append(box, line);
    return label;
  }

  function draw() {
    const { list, found, kind } = shown;
    const { states } = Door.states.of(list);
    const members = new Set(found.students);
    part("class-title").textContent = words.class_title[kind];
    part("class-how").textContent = `${words.class_how[kind]} ${fill(words.adults, { adults: found.adults })}`;
    for (const button of part("class-kinds").children) button.setAttribute("aria-pressed", button.value === kind);
    const groups = list.groups.filter((group) => group.seats.some((seat) => members.has(seat.student)));
    part("class-groups").replaceChildren(
      ...groups.map((group) => {
        const fieldset = make("fieldset");
        const legend = make("legend", "h-s", `${group.label} `);
        legend.append(make("span", "s mute", group.school));
        const rows = make("div", "facet pupils");
        const seats = group.seats.filter((seat) => members.has(seat.student));
        rows.append(...seats.map((seat) => row(seat, states.get(seat.student), kind)));
        fieldset.append(legend, rows);
        return fieldset;
      }),
    );
    count();
  }

  const ticked = () => [...part("class-groups").querySelectorAll("input:checked")].map((box) => Number(box.value));

  function count() {
    const any = part("class-groups").querySelector("input");
    part("class-do").hidden = !any;
    part("class-do").textContent = fill(words.class_do[shown.kind], { count: ticked().length });
    part("class-nobody").hidden = Boolean(any);
    part("class-nobody").textContent = words.class_nobody[shown.kind];
    part("class-none").hidden = true;
  }

  function open(list, found, kind, mark) {
    shown = { list, found, kind: kind === "out" ? "out" : "in", mark };
    draw();
    reopen(shown);
  }

  function reopen(what) {
    shown = what;
    part("class").hidden = false;
    part("groups").hidden = true;
    part("class-title").focus();
  }

  function close() {
    if (!shown) return;
    shown = null;
    part("class").hidden = true;
    part("groups").hidden = false;
    part("code").focus();
  }

  part("class-kinds").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    shown.kind = button.value;
    draw();
  });
  part("class-groups").addEventListener("change", count);
  part("class-leave").addEventListener("click", close);
  part("class").addEventListener("submit", async (event) => {
    event.preventDefault();
    const students = ticked();
    part("class-none").hidden = Boolean(students.length);
    if (!students.length) return;
    const asked = shown;
    close();
    // Nothing was written down: the ticks are still as they were.
    if ((await asked.mark(asked.kind, students)) === false && !shown) reopen(asked);
  });

  Door.wholeClass = { open, close, isOpen: () => Boolean(shown) };
})();

// One student's seat, tapped: what can be noted of her, and taking back what this device noted last.
//
//   Door.seat.open(list, seat, { mark, takeBack })   mark(kind) and takeBack(event) do it.
(() => {
  "use strict";

  const Door = window.Door;
  const { fill, lookOf, make, part } = Door.board;
  const words = Door.words;
  let shown = null;

  function button(kind, act) {
    const made = make("button", `btn ${kind === "undo" ? "btn-link" : "btn-outline-primary"}`, words.does[kind]);
    made.type = "button";
    made.addEventListener("click", () => {
      close();
      if (act) act();
    });
    return made;
  }

  function open(list, seat, { mark, takeBack }) {
    const state = Door.states.of(list).states.get(seat.student);
    const last = Door.states.lastOf(list.session, seat.student);
    shown = seat;
    part("seat-title").textContent = `${fill(words.seat, { seat: seat.seat_no, group: seat.group.label })} ${seat.name}`;
    part("seat-state").textContent = lookOf(state).spoken;
    const kinds = ["in", "out", "absent", "excused"].filter(
      (kind) => kind !== state.mark && !(kind === "in" && Door.states.isInside(state)) && !(kind === "out" && state.left),
    );
    part("seat-does").replaceChildren(
      ...kinds.map((kind) => button(kind, () => mark(kind))),
      ...(last ? [button("undo", () => takeBack(last))] : []),
      button("nothing"),
    );
    part("seat").hidden = false;
    part("seat-title").focus();
  }

  function close() {
    const seat = shown;
    shown = null;
    part("seat").hidden = true;
    const back = seat && part("groups").querySelector(`button[value="${seat.student}"]`);
    if (back) back.focus();
  }

  part("seat").addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });

  Door.seat = { open, close, isOpen: () => Boolean(shown) };
})();

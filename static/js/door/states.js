// How far everybody is: what the server said last, changed by what this device wrote down and it has not heard.
(() => {
  "use strict";

  const Door = window.Door;
  const NOTHING = { mark: "", left: false };
  const BY_TIME = (one, other) => Door.queue.turnOf(one) - Door.queue.turnOf(other);

  const isIn = (state) => ["present", "late", "left_early"].includes(state.mark);

  // What an event makes of a state, as far as can be told without the rules of the day.
  function after(state, event) {
    if (event.kind === "in") return { mark: state.mark === "late" ? "late" : "present", left: false };
    if (event.kind === "out") return isIn(state) ? { mark: state.mark, left: true } : state;
    return { mark: event.kind, left: false };
  }

  const voidedOf = (events) => new Set(events.map((event) => event.voids).filter(Boolean));

  // Of each student in the list, and of whom the server has not heard the last.
  function statesOf(list) {
    const heard = Door.queue.heard.get(list.session);
    const left = new Set((heard && heard.left) || []);
    const states = new Map(
      list.seats.map(({ student, mark, left: hadLeft }) => [
        student,
        heard ? { mark: heard.marks[student] || "", left: left.has(student) } : { mark, left: Boolean(hadLeft) },
      ]),
    );
    const unsent = new Set();
    const own = Door.queue.of(list.session).sort(BY_TIME);
    const voided = voidedOf(own);
    const stands = (event) => event.kind !== "void" && !voided.has(event.id);
    for (const event of own.filter((one) => !one.sent)) {
      const target = event.kind === "void" ? Door.queue.event(event.voids) : event;
      const student = target && target.student;
      if (!states.has(student)) continue;
      if (event.kind === "void") {
        // What the server never heard of needs no taking back here.
        if (!target.sent) continue;
        const before = own.filter((one) => one.student === student && BY_TIME(one, event) < 0 && stands(one));
        states.set(student, before.reduce(after, NOTHING));
      } else if (stands(event)) {
        states.set(student, after(states.get(student), event));
      } else continue;
      unsent.add(student);
    }
    return { states, unsent };
  }

  // What can be taken back: what this device wrote down, of one student if named, and still stands; the last first.
  function standing(session, student) {
    const own = Door.queue.of(session);
    const voided = voidedOf(own);
    return own
      .filter((event) => event.kind !== "void" && !voided.has(event.id) && (!student || event.student === student))
      .filter((event) => !event.sent || ["accepted", "already", "conflict"].includes(event.outcome))
      .sort((one, other) => BY_TIME(other, one));
  }

  // Whether an event of that kind would say nothing new.
  const isSo = (state, kind) => (kind === "in" ? isIn(state) : kind === "out" ? state.left : state.mark === kind);

  // Whether what was taken back, by these voids, still is so, because another device noted it too: yes, no, or maybe
  // while the server has not said.
  function stillSo(list, events, voids) {
    const known = events.filter((event) => event.outcome === "already" && event.student);
    if (!known.length) return "no";
    if (voids.some((event) => !event.sent)) return "maybe";
    const { states } = statesOf(list);
    return known.some((event) => states.has(event.student) && isSo(states.get(event.student), event.kind)) ? "yes" : "no";
  }

  // The last thing that was done: one event, or a whole class's.
  function lastDone(session) {
    const all = standing(session);
    return all.filter((event) => event === all[0] || (event.action && event.action === all[0].action));
  }

  Door.states = {
    of: statesOf,
    isIn,
    isInside: (state) => isIn(state) && !state.left,
    lastDone,
    stillSo,
    lastOf: (session, student) => standing(session, student)[0],
  };
})();

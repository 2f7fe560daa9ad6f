// The list as it is seen: seats by class, counted; and the small change of drawing that the other parts share.
(() => {
  "use strict";

  const Door = window.Door;
  const words = JSON.parse(document.getElementById("door-words").textContent);
  const part = (name) => document.getElementById(`door-${name}`);

  const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
  const clock = (moment) =>
    new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", hour: "numeric", minute: "2-digit", hour12: false })
      .format(moment);

  function make(tag, className, content) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (content) element.textContent = content;
    return element;
  }

  // How the state is drawn, and said.
  function lookOf(state) {
    const [look, glyph, spoken] = words.marks[state.mark || "expected"];
    if (!state.left) return { look, glyph, spoken };
    return { look: `${look} left`, glyph: "s-out", spoken: fill(words.and_left, { state: spoken }) };
  }

  function seat(one, state, { isUnsent, isNow }) {
    const { look, glyph, spoken } = lookOf(state);
    const button = make("button", `seat ${look}`);
    button.classList.toggle("queue", isUnsent);
    button.classList.toggle("now", isNow);
    button.type = "button";
    button.value = one.student;
    button.append(make("i", "", one.seat_no), " ", make("b", "", one.name));
    button.append(make("span", "vh", ` ${spoken}${isUnsent ? words.and_unsent : ""}${one.needs ? words.and_needs : ""}`));
    if (glyph) button.insertAdjacentHTML("beforeend", `<svg viewBox="0 0 16 16" aria-hidden="true"><use href="#${glyph}"/></svg>`);
    if (one.needs) button.insertAdjacentHTML("beforeend", '<svg class="heed" viewBox="0 0 16 16" aria-hidden="true"><use href="#s-warn"/></svg>');
    return button;
  }

  // Draws the list; latest is the student whom the last answer was about.
  function draw(list, latest) {
    const { states, unsent } = Door.states.of(list);
    const focused = document.activeElement && document.activeElement.value;
    part("groups").replaceChildren(
      ...list.groups.map((group) => {
        const section = make("section");
        const head = make("h2", "", `${group.label} `);
        head.append(make("span", "s mute", group.school));
        const seats = make("div", "seats");
        const drawn = (one) =>
          seat(one, states.get(one.student), { isUnsent: unsent.has(one.student), isNow: one.student === latest });
        seats.append(...group.seats.map(drawn));
        section.append(head, seats);
        return section;
      }),
    );
    const all = [...states.values()];
    const counted = { arrived: all.filter(Door.states.isIn), expected: all.filter((state) => !state.mark) };
    counted.absent = all.filter((state) => state.mark === "absent");
    counted.excused = all.filter((state) => state.mark === "excused");
    for (const [name, found] of Object.entries(counted)) part(`count-${name}`).textContent = found.length;
    const inside = all.filter(Door.states.isInside).length;
    part("inside").textContent = fill(words.inside, { inside, left: counted.arrived.length - inside });
    part("unsent-note").hidden = unsent.size === 0;
    const again = focused && part("groups").querySelector(`button[value="${CSS.escape(focused)}"]`);
    if (again) again.focus();
  }

  Door.words = words;
  Door.board = { clock, draw, fill, lookOf, make, part };
})();

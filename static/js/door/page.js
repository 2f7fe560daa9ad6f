// The door's page: draws the list and the answers, and turns codes and taps into events.
(() => {
  "use strict";

  const Door = window.Door;
  const { lists, queue, store } = Door;
  const words = JSON.parse(document.getElementById("door-words").textContent);
  const part = (name) => document.getElementById(`door-${name}`);
  const form = part("form");
  const field = form.elements.code;
  // A scanner types faster than anybody: sixteen characters in less than this.
  const SCANNER_MS = 560;
  // An answer from the server is waited for so long before the device answers by itself.
  const ANSWER_MS = 1500;
  const FRESH_MS = 5 * 60 * 1000;
  let device = null;
  let session = 0;
  let firstKey = 0;
  // The student whom the last answer was about.
  let latest = 0;
  // Arrivals read by the camera, one after the other; the next does not wait for the server's word on the last.
  let arrivals = Promise.resolve();
  let hurry = () => {};

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

  // crypto.randomUUID is there: the page wants a secure context anyway.
  const newId = () => crypto.randomUUID();

  // The state of everybody in the list: what the server said, changed by what it has not heard.
  function marksOf(list) {
    const heard = queue.marks.get(list.session);
    const marks = new Map(list.seats.map((seat) => [seat.student, heard ? heard[seat.student] || "" : seat.mark]));
    const unsent = new Set();
    const own = queue.of(list.session).filter((event) => !event.sent).sort((one, other) => one.at - other.at);
    const takenBack = new Set(own.map((event) => event.voids).filter(Boolean));
    for (const event of own) {
      if (event.kind === "void") {
        const target = queue.event(event.voids);
        if (target && target.student && target.sent) marks.set(target.student, "");
      } else if (event.student && !takenBack.has(event.id) && marks.get(event.student) !== "late") {
        marks.set(event.student, "present");
        unsent.add(event.student);
      }
    }
    return { marks, unsent };
  }

  const isIn = (mark) => ["present", "late", "left_early"].includes(mark);

  // What can be taken back: the last arrival that this device wrote down and still stands.
  function lastArrival() {
    const own = queue.of(session);
    const takenBack = new Set(own.map((event) => event.voids).filter(Boolean));
    const stands = (event) => event.kind === "in" && !takenBack.has(event.id);
    const counts = (event) => !event.sent || ["accepted", "conflict"].includes(event.outcome);
    return own.filter((event) => stands(event) && counts(event)).sort((one, other) => other.at - one.at)[0];
  }

  function show(look, word, person, detail) {
    const result = part("result");
    result.className = `result ${look}`;
    result.replaceChildren(part(`glyph-${look}`).content.cloneNode(true), make("p", "w", word), make("p", "p", person));
    if (detail) result.append(make("p", "m", detail));
    if (look !== "idle" && navigator.vibrate) navigator.vibrate(look === "in" || look === "off" ? 80 : [80, 80, 80]);
  }

  function drawNet() {
    const online = queue.isOnline();
    part("net").classList.toggle("bad", !online);
    part("net-word").textContent = online ? words.online : words.offline;
    part("net-icon").setAttribute("href", online ? "#i-net" : "#i-off");
    part("unsent").textContent = fill(words.unsent, { count: queue.waiting().length });
  }

  function drawSeat(seat, mark, isUnsent) {
    const [look, glyph, spoken] = words.marks[mark || "expected"];
    const button = make("button", `seat ${look}`);
    button.classList.toggle("queue", isUnsent);
    button.classList.toggle("now", seat.student === latest);
    button.type = "button";
    button.value = seat.student;
    const name = make("b", "", seat.name);
    button.append(make("i", "", seat.seat_no), " ", name);
    button.append(make("span", "vh", ` ${spoken}${isUnsent ? words.and_unsent : ""}${seat.needs ? words.and_needs : ""}`));
    if (glyph) button.insertAdjacentHTML("beforeend", `<svg viewBox="0 0 16 16" aria-hidden="true"><use href="#${glyph}"/></svg>`);
    if (seat.needs) button.insertAdjacentHTML("beforeend", '<svg class="heed" viewBox="0 0 16 16" aria-hidden="true"><use href="#s-warn"/></svg>');
    return button;
  }

  function drawBoard(list) {
    const { marks, unsent } = marksOf(list);
    const focused = document.activeElement && document.activeElement.value;
    part("groups").replaceChildren(
      ...list.groups.map((group) => {
        const section = make("section");
        const head = make("h2", "", `${group.label} `);
        head.append(make("span", "s mute", group.school));
        const seats = make("div", "seats");
        seats.append(...group.seats.map((seat) => drawSeat(seat, marks.get(seat.student), unsent.has(seat.student))));
        section.append(head, seats);
        return section;
      }),
    );
    const states = [...marks.values()];
    const counted = { arrived: states.filter(isIn), expected: states.filter((mark) => !mark) };
    counted.absent = states.filter((mark) => mark === "absent");
    counted.excused = states.filter((mark) => mark === "excused");
    for (const [name, found] of Object.entries(counted)) part(`count-${name}`).textContent = found.length;
    part("unsent-note").hidden = unsent.size === 0;
    part("undo").disabled = !lastArrival();
    const again = focused && part("groups").querySelector(`button[value="${CSS.escape(focused)}"]`);
    if (again) again.focus();
  }

  function drawNotices() {
    const doubtful = queue.doubtful().length;
    part("doubtful").hidden = !doubtful;
    part("doubtful-count").textContent = fill(words.doubtful, { count: doubtful });
    const unread = queue.unread();
    part("refused").hidden = !unread.length;
    part("refused-list").replaceChildren(
      ...unread.map((event) => make("li", "", `${clock(event.at - (device.ahead || 0))} ${event.detail}`)),
    );
  }

  function draw() {
    drawNet();
    drawNotices();
    const all = lists.all();
    const list = lists.of(session) || all[0];
    session = list ? list.session : 0;
    if (list) window.Camera.attach(arriveByCamera);
    else if (!part("camera").hidden) window.Camera.stop();
    part("desk").hidden = part("camera").hidden = form.hidden = !list;
    part("empty").hidden = Boolean(list) || !device || device.isRevoked;
    part("stopped").hidden = !device || !device.isRevoked;
    part("unregistered").hidden = Boolean(device);
    part("actions").hidden = !device;
    part("sessions").hidden = all.length < 2;
    part("sessions").replaceChildren(
      ...all.map((one) => {
        const button = make("button", "btn btn-outline-primary", `${clock(one.starts_at)} ${one.title} · ${one.where}`);
        button.type = "button";
        button.value = one.session;
        button.setAttribute("aria-pressed", one.session === session);
        return button;
      }),
    );
    part("title").textContent = list ? `${list.title} · ${list.where}` : words.title;
    part("time").textContent = list ? `${clock(list.starts_at)}–${clock(list.ends_at)}` : "";
    if (list) drawBoard(list);
  }

  const place = (seat, moment) =>
    fill(words.place, { seat: seat.seat_no, group: seat.group.label, clock: clock(moment) });

  // Said once the event is on the disk; better if the server answers soon.
  async function keep(list, seat, more) {
    const about = seat ? { student: seat.student } : {};
    latest = seat ? seat.student : 0;
    const event = await queue.add({ id: newId(), pack: list.pack, session: list.session, kind: "in", ...about, ...more });
    if (queue.isOnline()) {
      // A sending that was under way may not have had it.
      const isOpen = () => queue.waiting().some((one) => one.id === event.id);
      const answered = queue.send().then(() => isOpen() && queue.send());
      const waited = new Promise((resolve) => {
        hurry = resolve;
        window.setTimeout(resolve, ANSWER_MS);
      });
      await Promise.race([answered, waited]);
    }
    const { sent, outcome, detail } = queue.event(event.id) || event;
    const who = seat ? seat.name : words.unknown_person;
    const where = seat ? place(seat, lists.now()) : "";
    if (!sent) show("off", words.kept, who, seat ? fill(words.kept_why, { where }) : words.kept_unknown);
    else if (outcome === "accepted") show("in", words.in, who, where);
    else if (outcome === "already") show("dup", words.already, who, where);
    else if (outcome === "conflict") show("dup", words.conflict, who, detail);
    else show("out", words.refused, who, detail);
  }

  async function arrive(typed, wayIn) {
    const list = lists.of(session);
    const code = lists.tidy(typed);
    if (!lists.isCode(code)) return show("out", words.no_code, words.no_code_why);
    if (lists.now() < list.opens_at) return show("out", words.not_open, fill(words.opens, { clock: clock(list.opens_at) }));
    const seat = await lists.seatOf(list, code);
    if (seat) return enter(list, seat, { badge: seat.badge, way_in: wayIn });
    for (const other of lists.all()) {
      if (other !== list && (await lists.seatOf(other, code))) {
        const values = { title: other.title, where: other.where, clock: clock(other.starts_at) };
        return show("out", words.not_here, fill(words.elsewhere, values));
      }
    }
    return keep(list, null, { code, way_in: wayIn });
  }

  function enter(list, seat, more) {
    if (lists.now() < list.opens_at) return show("out", words.not_open, fill(words.opens, { clock: clock(list.opens_at) }));
    if (isIn(marksOf(list).marks.get(seat.student))) {
      return show("dup", words.already, seat.name, place(seat, lists.now()));
    }
    return keep(list, seat, more);
  }

  async function arriveByCamera(code) {
    hurry();
    const before = arrivals.catch(() => {});
    arrivals = before.then(() => lists.of(session) && arrive(code, "camera"));
    await arrivals;
    return true;
  }

  async function takeBack() {
    const last = lastArrival();
    if (!last) return;
    await queue.add({ id: newId(), pack: last.pack, session, kind: "void", way_in: "tick", voids: last.id });
    const seat = lists.of(session).seats.find((one) => one.student === last.student);
    show("idle", words.undone, seat ? seat.name : words.unknown_person, seat ? place(seat, lists.now()) : "");
  }

  async function refresh() {
    await queue.send();
    if (!device || device.isRevoked) return;
    try {
      await lists.fetch(device);
      device.fetchedAt = Date.now();
      await store.setDevice(device);
    } catch (problem) {
      if (problem instanceof Response && problem.status === 403) await queue.stopDevice();
    }
    draw();
  }

  // What is over is forgotten, whether or not anybody looks.
  async function forgetOver() {
    for (const list of lists.all()) {
      if (list.expires_at > lists.now()) continue;
      await store.forget(list.session);
      queue.forget(list.session);
      await lists.load(device);
    }
    draw();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = field.value.trim();
    if (!typed) return;
    const isScanner = firstKey && Date.now() - firstKey < SCANNER_MS && lists.tidy(typed).length === 16;
    firstKey = 0;
    field.value = "";
    await arrive(typed, isScanner ? "scanner" : "typed");
    field.focus();
  });

  // A scanner types wherever the focus is.
  document.addEventListener("keydown", (event) => {
    const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ";
    if (!isText || part("desk").hidden || event.target.matches("select")) return;
    if (event.target !== field) {
      field.value = "";
      field.focus();
    }
    if (!field.value) firstKey = Date.now();
  });

  part("groups").addEventListener("click", (event) => {
    const button = event.target.closest("button.seat");
    if (!button) return;
    const list = lists.of(session);
    const seat = list.seats.find((one) => String(one.student) === button.value);
    enter(list, seat, { way_in: "tick", no_badge: part("no-badge").value });
  });
  part("sessions").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    session = Number(button.value);
    show("idle", words.ready, words.ready_how);
    draw();
  });
  part("undo").addEventListener("click", takeBack);
  part("refresh").addEventListener("click", refresh);
  part("read").addEventListener("click", () => queue.dismiss(queue.unread()));
  document.addEventListener("door:changed", draw);
  document.addEventListener("door:revoked", () => {
    device.isRevoked = true;
    draw();
  });
  document.addEventListener("door:unknown", () => {
    device.isRevoked = true;
    store.forgetLists();
    lists.forgetAll();
    draw();
  });

  async function start() {
    part("scriptless").hidden = true;
    if (!window.isSecureContext || !navigator.serviceWorker) {
      part("insecure").hidden = false;
      return;
    }
    navigator.serviceWorker.register(document.getElementById("door").dataset.worker);
    device = await store.device();
    draw();
    if (!device) return;
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
    await lists.load(device);
    await queue.start(device);
    show("idle", words.ready, words.ready_how);
    draw();
    window.setInterval(forgetOver, 15000);
    if (Date.now() - (device.fetchedAt || 0) > FRESH_MS || !lists.all().length) await refresh();
    else await queue.send();
  }

  start();
})();

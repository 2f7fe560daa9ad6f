// The door's page: draws the list and the answers, and turns codes and taps into events.
(() => {
  "use strict";

  const Door = window.Door;
  const { lists, queue, server, states, store, words } = Door;
  const { clock, fill, make, part } = Door.board;
  const form = part("form");
  const field = form.elements.code;
  // A scanner types faster than anybody: sixteen characters in less than this.
  const SCANNER_MS = 560;
  // An answer from the server is waited for so long before the device answers by itself.
  const ANSWER_MS = 1500;
  const FRESH_MS = 5 * 60 * 1000;
  // After so long without a scan nobody is in the middle of something.
  const QUIET_MS = 5000;
  const BEAT_MS = 15000;
  let device = null;
  let session = 0;
  // What a badge or a tapped seat means: in, out, or menu for whatever is chosen then.
  let mode = "in";
  let acted = Infinity;
  let firstKey = 0;
  // The student whom the last answer was about.
  let latest = 0;
  // Arrivals read by the camera, one after the other; the next does not wait for the server's word on the last.
  let arrivals = Promise.resolve();
  let hurry = () => {};

  // crypto.randomUUID is there: the page wants a secure context anyway.
  const newId = () => crypto.randomUUID();

  function show(look, word, person, detail) {
    const result = part("result");
    result.className = `result ${look}`;
    result.replaceChildren(part(`glyph-${look}`).content.cloneNode(true), make("p", "w", word), make("p", "p", person));
    if (detail) result.append(make("p", "m", detail));
    if (look === "in" || look === "off") window.Signals.good();
    else if (look !== "idle") window.Signals.bad();
    acted = Date.now();
  }

  const showReady = () => show("idle", words.ready[mode], words.ready_how[mode]);

  function drawNet() {
    const online = server.isOnline();
    part("net").classList.toggle("bad", !online);
    part("net-word").textContent = online ? words.online : words.offline;
    part("net-icon").setAttribute("href", online ? "#i-net" : "#i-off");
    part("unsent").textContent = fill(words.unsent, { count: queue.waiting().length });
  }

  function nameOf(event) {
    const list = lists.of(event.session);
    const seat = list && list.seats.find((one) => one.student === event.student);
    return seat ? seat.name : "";
  }

  function drawNotices() {
    const doubtful = queue.doubtful().length;
    part("doubtful").hidden = !doubtful;
    part("put-off").hidden = !queue.isPutOff();
    part("doubtful-count").textContent = fill(words.doubtful, { count: doubtful });
    const unread = queue.unread();
    part("refused").hidden = !unread.length;
    part("refused-list").replaceChildren(
      ...unread.map((event) => make("li", "", `${clock(Door.clock.of(event))} ${nameOf(event)} ${event.detail}`)),
    );
  }

  function draw() {
    drawNet();
    drawNotices();
    const all = lists.all();
    const list = lists.of(session) || all[0];
    session = list ? list.session : 0;
    if (!list) closePanels();
    if (list) window.Camera.attach(arriveByCamera);
    else if (!part("camera").hidden) window.Camera.stop();
    part("desk").hidden = part("modes").hidden = part("camera").hidden = form.hidden = !list;
    part("do").textContent = words.form_do[mode];
    for (const button of part("modes").children) button.setAttribute("aria-pressed", button.value === mode);
    part("undo").disabled = !states.lastDone(session).length;
    part("empty").hidden = Boolean(list) || !device || device.isRevoked;
    part("wrong-clock").hidden = !list || !Door.clock.isWrong();
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
    if (list) Door.board.draw(list, latest);
    Door.updates.look();
  }

  function closePanels() {
    Door.seat.close();
    Door.wholeClass.close();
  }

  const place = (seat, moment) =>
    fill(words.place, { seat: seat.seat_no, group: seat.group.label, clock: clock(moment) });

  const isNotOpen = (list) => Door.clock.notBefore() < list.opens_at;
  const showNotOpen = (list) => show("out", words.not_open, fill(words.opens, { clock: clock(list.opens_at) }));

  // What did not get onto the disk was not noted, and nobody is left to think that it was.
  async function writeDown(made) {
    try {
      return await queue.add(made.map((event) => ({ ...event, id: newId() })));
    } catch (problem) {
      show("out", words.not_kept, words.not_kept_how);
      console.error(problem);
      return null;
    }
  }

  // Said once it is on the disk; better if the server answers soon. What became of each event; null if not kept.
  async function keepAll(made) {
    const kept = await writeDown(made);
    if (!kept) return null;
    if (server.isOnline() && !queue.isPutOff()) {
      // A sending that was under way may not have had them.
      const isOpen = () => !queue.isPutOff() && queue.waiting().some((one) => one.id === kept[0].id);
      const answered = queue.send().then(() => isOpen() && queue.send());
      const waited = new Promise((resolve) => {
        hurry = resolve;
        window.setTimeout(resolve, ANSWER_MS);
      });
      await Promise.race([answered, waited]);
    }
    return kept.map((event) => queue.event(event.id) || event);
  }

  async function keep(list, seat, more) {
    const about = seat ? { student: seat.student } : {};
    latest = seat ? seat.student : 0;
    const kept = await keepAll([{ pack: list.pack, session: list.session, ...about, ...more }]);
    if (!kept) return false;
    const { kind, sent, outcome, detail } = kept[0];
    const who = seat ? seat.name : words.unknown_person;
    const where = seat ? place(seat, lists.now()) : "";
    if (!sent) show("off", words.kept[kind], who, seat ? fill(words.kept_why, { where }) : words.kept_unknown);
    else if (outcome === "accepted") show("in", words.done[kind], who, where);
    else if (outcome === "already") show("dup", words.already[kind], who, where);
    else if (outcome === "conflict") show("dup", words.conflict, who, fill(words.conflict_why, { why: detail }));
    else show("out", words.refused, who, detail);
    return true;
  }

  async function keepClass(list, kind, students) {
    latest = 0;
    const action = newId();
    const about = { action, pack: list.pack, session: list.session, kind, way_in: "class" };
    const kept = await keepAll(students.map((student) => ({ ...about, student })));
    if (!kept) return false;
    const people = fill(words.people, { count: kept.length });
    const doubtful = kept.find((event) => event.outcome === "conflict");
    if (doubtful) show("dup", words.conflict, people, fill(words.conflict_why, { why: doubtful.detail }));
    else if (kept.some((event) => !event.sent)) {
      show("off", words.kept[kind], people, fill(words.kept_why, { where: clock(lists.now()) }));
    } else show("in", words.done[kind], people, clock(lists.now()));
    return true;
  }

  // False where it could not be written down.
  async function arrive(typed, wayIn) {
    const list = lists.of(session);
    // Whoever scans looks at the answer, wherever the page was before.
    part("result").scrollIntoView({ block: "nearest", behavior: "instant" });
    const reference = lists.tidyReference(typed);
    const code = lists.tidy(typed);
    if (!reference && !lists.isCode(code)) return show("out", words.no_code, words.no_code_why);
    if (isNotOpen(list)) return showNotOpen(list);
    if (reference) return showClass(list, reference);
    const seat = await lists.seatOf(list, code);
    if (seat) {
      if (mode === "menu") return showSeat(list, seat);
      return enter(list, seat, { badge: seat.badge, way_in: wayIn });
    }
    const other = await lists.elsewhere(list, code);
    if (other) {
      const values = { title: other.title, where: other.where, clock: clock(other.starts_at) };
      return show("out", words.not_here, fill(words.elsewhere, values));
    }
    return keep(list, null, { kind: mode === "out" ? "out" : "in", code, way_in: wayIn });
  }

  // In or out, as the mode says, unless that is so already.
  function enter(list, seat, more) {
    if (isNotOpen(list)) return showNotOpen(list);
    const kind = mode === "out" ? "out" : "in";
    const state = states.of(list).states.get(seat.student);
    if (kind === "in" ? states.isInside(state) : state.left) {
      return show("dup", words.already[kind], seat.name, place(seat, lists.now()));
    }
    if (kind === "out" && !states.isIn(state)) return show("out", words.not_in, seat.name, words.not_in_why);
    return keep(list, seat, { kind, ...more });
  }

  // A tap does what the mode says where that is plain; else it asks.
  function tap(list, seat) {
    const state = states.of(list).states.get(seat.student);
    const isPlain = mode === "out" ? states.isInside(state) : mode === "in" && !state.mark;
    if (!isPlain) return showSeat(list, seat);
    return enter(list, seat, tapped(mode));
  }

  const tapped = (kind) => (kind === "in" ? { way_in: "tick", no_badge: part("no-badge").value } : { way_in: "tick" });

  function showSeat(list, seat) {
    // Taking back asks nothing of the clock.
    if (isNotOpen(list) && !states.lastOf(session, seat.student)) return showNotOpen(list);
    Door.wholeClass.close();
    return Door.seat.open(list, seat, {
      mark: (kind) => isNotOpen(list) ? showNotOpen(list) : keep(list, seat, { kind, ...tapped(kind) }),
      takeBack: (event) => takeBack([event]),
    });
  }

  async function showClass(list, reference) {
    const found = await lists.classOf(list, reference);
    if (!found) return show("out", words.no_class, words.no_class_why);
    Door.seat.close();
    return Door.wholeClass.open(list, found, mode, (kind, students) => keepClass(list, kind, students));
  }

  async function arriveByCamera(code) {
    hurry();
    const before = arrivals.catch(() => {});
    arrivals = before.then(() => lists.of(session) && arrive(code, "camera"));
    return (await arrivals) !== false;
  }

  async function takeBack(events) {
    if (!events.length) return;
    const voids = ({ id, pack, session: of }) => ({ pack, session: of, kind: "void", way_in: "tick", voids: id });
    const list = lists.of(session);
    // Where the server had it already, its word is waited for: another device may have noted the same.
    const isKnown = events.some((event) => event.outcome === "already");
    const kept = await (isKnown ? keepAll : writeDown)(events.map(voids));
    if (!kept) return;
    const still = states.stillSo(list, events, kept);
    const [last] = events;
    const seat = list.seats.find((one) => one.student === last.student);
    const what = words.does[last.kind];
    const who = events.length > 1 ? fill(words.people, { count: events.length }) : seat ? seat.name : words.unknown_person;
    const where = events.length === 1 && seat ? `${what} · ${place(seat, Door.clock.of(last))}` : what;
    show(still === "yes" ? "dup" : "idle", words.undone, who, [where, words.still_so[still]].filter(Boolean).join(" · "));
    if (still !== "yes") window.Signals.good();
  }

  async function refresh() {
    await queue.send();
    if (!device || device.isRevoked) return;
    try {
      await lists.fetch(device);
      device.fetchedAt = Date.now();
      await store.setDevice(device);
    } catch (problem) {
      // Our own word alone: somebody else's 403, a proxy's, costs nobody the lists.
      if (problem instanceof server.Refusal && problem.code === "device_revoked") await queue.stopDevice();
    }
    draw();
  }

  // What is over is forgotten, whether or not anybody looks.
  async function forgetOver() {
    if (device.isRevoked) return;
    const over = await lists.watch(device);
    for (const list of over) {
      await store.forget(list.session);
      queue.forget(list.session);
    }
    if (over.length) await lists.load(device);
    draw();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = field.value.trim();
    if (!typed) return;
    const isScanner = firstKey && Date.now() - firstKey < SCANNER_MS && lists.tidy(typed).length === 16;
    firstKey = 0;
    field.value = "";
    const isKept = await arrive(typed, isScanner ? "scanner" : "typed");
    if (isKept === false && !field.value) {
      field.value = typed;
      field.select();
    }
    if (!Door.seat.isOpen() && !Door.wholeClass.isOpen()) field.focus({ preventScroll: true });
  });

  // A scanner types wherever the focus is.
  document.addEventListener("keydown", (event) => {
    const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ";
    if (!isText || part("desk").hidden || event.target.matches("select")) return;
    if (event.target !== field) {
      field.value = "";
      field.focus();
    }
    // A code that could not be kept is still there, selected: the next one takes its place.
    const isReplaced = field.selectionStart === 0 && field.selectionEnd === field.value.length;
    if (isReplaced) firstKey = Date.now();
  });

  part("groups").addEventListener("click", (event) => {
    const button = event.target.closest("button.seat");
    if (!button) return;
    const list = lists.of(session);
    const seat = list.seats.find((one) => String(one.student) === button.value);
    tap(list, seat);
  });
  part("modes").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    mode = button.value;
    closePanels();
    showReady();
    draw();
  });
  part("sessions").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    session = Number(button.value);
    closePanels();
    showReady();
    draw();
  });
  part("undo").addEventListener("click", () => takeBack(states.lastDone(session)));
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
    const isIdle = () => Date.now() - acted > QUIET_MS && !field.value && !Door.seat.isOpen() && !Door.wholeClass.isOpen();
    Door.updates.start(document.getElementById("door").dataset.worker, isIdle).then((isKept) => {
      part("unkept").hidden = isKept;
    });
    device = await store.device();
    draw();
    if (!device) return;
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
    Door.clock.start(device);
    await lists.load(device);
    await queue.start(device);
    showReady();
    draw();
    window.setInterval(forgetOver, BEAT_MS);
    if (Date.now() - (device.fetchedAt || 0) > FRESH_MS || !lists.all().length) await refresh();
    else await queue.send();
  }

  start();
})();

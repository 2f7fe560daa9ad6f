// What happened at the door and the server has not heard of: kept, and sent in batches, ever less often while
// nobody answers, until each event has its answer. Sending twice does no harm: every event has its own id.
(() => {
  "use strict";

  const Door = window.Door;
  const BATCH = 200;
  const FIRST_WAIT_MS = 2000;
  const LONGEST_WAIT_MS = 60000;
  const BEAT_MS = 20000;
  // However long the server asks us to stay away.
  const LONGEST_PUT_OFF_MS = 300000;
  let events = new Map();
  let failures = 0;
  let timer = 0;
  let running = null;
  // What the server, or somebody in its place, said instead of taking the last batch.
  let refusal = null;
  let device = null;
  // So many at once; fewer while one is looked for that the server cannot read.
  let most = BATCH;

  const waiting = () => [...events.values()].filter((event) => !event.sent);
  const of = (session) => [...events.values()].filter((event) => event.session === session);
  const turnOf = (event) => event.turn || event.at;
  const tell = () => document.dispatchEvent(new CustomEvent("door:changed"));

  function wire(event) {
    const sent = { id: event.id, pack: event.pack, kind: event.kind, way_in: event.way_in };
    sent.happened_at = Door.clock.iso(event.at);
    if (Number.isInteger(event.ahead_ms)) sent.ahead_ms = event.ahead_ms;
    for (const name of ["student", "code", "badge", "no_badge", "voids"]) if (event[name]) sent[name] = event[name];
    return sent;
  }

  async function post(batch) {
    const asked = Date.now();
    const sessions = Door.lists.all().map((list) => list.session);
    const isAll = batch.length === waiting().length;
    const said = { now: Door.clock.iso(asked), events: batch.map(wire), sessions, is_all: isAll };
    const reply = await Door.server.call(device, "events", said);
    if (Door.clock.hear(asked, Date.parse(reply.now))) await Door.store.setDevice(device);
    return reply;
  }

  // Noted since this page was opened, before the server's time was heard: that first, and then what happened when.
  async function settleClocks() {
    if (waiting().some(Door.clock.needsHearing)) await post([]);
    const unsure = waiting().filter(Door.clock.isUnsure);
    if (unsure.length) await replace(unsure.map(Door.clock.settled));
  }

  const isUnreadable = (problem) => problem instanceof Door.server.Refusal && problem.status === 400 && problem.code === "invalid";

  // What takes another back goes after it.
  const next = () => waiting().sort((one, other) => (one.kind === "void") - (other.kind === "void")).slice(0, most);

  // Whether there may be more to send.
  async function sendBatch() {
    const batch = next();
    try {
      await heed(await post(batch));
    } catch (problem) {
      if (!isUnreadable(problem) || !batch.length) throw problem;
      // One event that the server cannot read holds up all others: it is looked for by halves.
      most = Math.ceil(batch.length / 2);
      if (batch.length > 1) return true;
      // The event it is, if the server can read the rest of what we say.
      await post([]);
      await setAside(batch[0]);
      return true;
    }
    const hasMoved = batch.some((event) => !events.has(event.id) || events.get(event.id).sent);
    return hasMoved && waiting().length > 0;
  }

  async function setAside(event) {
    most = BATCH;
    await replace([{ ...event, sent: true, outcome: "refused", why: "invalid", detail: Door.words.aside, code: "" }]);
  }

  async function replace(changed) {
    await Door.store.putEvents(changed);
    for (const event of changed) events.set(event.id, event);
  }

  async function drop(dropped) {
    await Door.store.dropEvents(dropped.map((event) => event.id));
    for (const event of dropped) events.delete(event.id);
  }

  // What the server said of each event, and of the sessions.
  async function heed(reply) {
    const changed = [];
    for (const answer of reply.answers) {
      if (answer.result === "wait" || !events.has(answer.id)) continue;
      const { result: outcome, why, detail } = answer;
      changed.push({ ...events.get(answer.id), sent: true, outcome, why, detail, code: "" });
    }
    await replace(changed);
    const heard = Object.entries(reply.marks).map(([session, marks]) => ({
      session: Number(session),
      marks,
      left: reply.left[session],
    }));
    await Door.store.setMarks(heard);
    Door.queue.heard = new Map(heard.map((one) => [one.session, one]));
    if (reply.is_revoked) await stopDevice();
    await clearUp();
  }

  // What was sent of a session whose list is gone; what somebody has yet to read stays. And what takes back an event
  // that never counted.
  async function clearUp() {
    const isVain = (event) => event.kind === "void" && !event.sent && (events.get(event.voids) || {}).outcome === "refused";
    // Another window may have taken lists along that this one does not know.
    const listed = new Set((await Door.store.packs()).map((sealed) => sealed.session));
    const isDone = (event) => event.sent && !listed.has(event.session) && (event.outcome !== "refused" || event.isRead);
    await drop([...events.values()].filter((event) => isVain(event) || isDone(event)));
  }

  // Another window of this browser may have written something down, or sent it.
  async function reread() {
    events = new Map((await Door.store.events()).map((event) => [event.id, event]));
  }

  async function stopDevice() {
    device = { ...device, isRevoked: true };
    await Door.store.setDevice(device);
    await Door.store.forgetLists();
    Door.lists.forgetAll();
    document.dispatchEvent(new CustomEvent("door:revoked"));
  }

  async function sendAll() {
    most = BATCH;
    try {
      await reread();
      // A void may have lost what it takes back since the last time.
      await clearUp();
      await settleClocks();
      while (await sendBatch());
      failures = 0;
      refusal = null;
    } catch (problem) {
      failures += 1;
      refusal = problem instanceof Door.server.Refusal ? problem : null;
      if (isUnknown()) document.dispatchEvent(new CustomEvent("door:unknown"));
    }
    tell();
    later();
  }

  const isUnknown = () => Boolean(refusal) && refusal.code === "authentication_failed";

  // Half of each wait is left to chance, so that the tablets of a building do not all call at once.
  function later() {
    window.clearTimeout(timer);
    const wait = failures ? Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS) : BEAT_MS;
    const asked = refusal ? Math.min(refusal.waitMs, LONGEST_PUT_OFF_MS) : 0;
    timer = window.setTimeout(send, asked + wait * (0.5 + Math.random() / 2));
  }

  // One sending at a time, over all windows of this browser.
  function send() {
    if (!device) return Promise.resolve();
    if (!running) {
      const guarded = navigator.locks ? () => navigator.locks.request("door-send", sendAll) : sendAll;
      running = guarded().finally(() => {
        running = null;
      });
    }
    return running;
  }

  // Written down, all or none, before anybody is told that they are.
  async function add(made) {
    const noted = { at: Date.now(), ahead_ms: Door.clock.aheadMs(), ...Door.clock.unsure(), sent: false };
    Object.assign(noted, { outcome: "", why: "", detail: "" });
    // Whatever the clock does, what was noted later comes later.
    const turn = Math.max(noted.at, ...[...events.values()].map(turnOf)) + 1;
    const kept = made.map((event) => ({ ...event, ...noted, turn }));
    await Door.store.putEvents(kept);
    for (const event of kept) events.set(event.id, event);
    tell();
    // A sending under way may have looked before this was there.
    sendAfresh();
    return kept;
  }

  // Whoever refused a batch is asked again when it is time, however many come in meanwhile.
  function sendAfresh() {
    const go = () => refusal || send();
    if (running) running.then(go);
    else go();
  }

  async function start(known) {
    device = known;
    await reread();
    for (const one of await Door.store.marks()) Door.queue.heard.set(one.session, one);
    // A line that is back makes good what the line had spoilt, not what the server refused.
    window.addEventListener("online", () => {
      failures = 0;
      sendAfresh();
    });
    window.addEventListener("offline", tell);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) send();
    });
  }

  // The person has read what did not count.
  async function dismiss(dismissed) {
    await replace(dismissed.map((event) => ({ ...event, isRead: true })));
    tell();
  }

  Door.queue = {
    // By session, what the server last said: marks by student, and who left.
    heard: new Map(),
    event: (id) => events.get(id),
    // Events were not taken, and wait for another try.
    isPutOff: () => Boolean(refusal) && !isUnknown() && waiting().length > 0,
    forget: (session) => {
      for (const event of of(session)) if (event.sent) events.delete(event.id);
    },
    unread: () => [...events.values()].filter((event) => event.outcome === "refused" && !event.isRead),
    doubtful: () => [...events.values()].filter((event) => event.outcome === "conflict"),
    add,
    dismiss,
    of,
    send,
    start,
    stopDevice,
    turnOf,
    waiting,
  };
})();

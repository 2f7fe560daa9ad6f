// What happened at the door and the server has not heard of: kept, and sent in batches, ever less often while
// nobody answers, until each event has its answer. Sending twice does no harm: every event has its own id.
(() => {
  "use strict";

  const Door = window.Door;
  const BATCH = 200;
  const FIRST_WAIT_MS = 2000;
  const LONGEST_WAIT_MS = 60000;
  const BEAT_MS = 20000;
  let events = new Map();
  let failures = 0;
  let timer = 0;
  let running = null;
  let device = null;
  let isOnline = navigator.onLine;
  const addresses = document.getElementById("door").dataset;

  const waiting = () => [...events.values()].filter((event) => !event.sent);
  const of = (session) => [...events.values()].filter((event) => event.session === session);
  const tell = () => document.dispatchEvent(new CustomEvent("door:changed"));

  // An answer of the server; anything but success is thrown, a Response where there was one.
  async function call(asking, what, body) {
    const response = await fetch(addresses[what], {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json", Authorization: `Device ${asking.secret}` },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw response;
    return response.json();
  }

  function wire(event) {
    const sent = { id: event.id, pack: event.pack, kind: event.kind, way_in: event.way_in };
    sent.happened_at = new Date(event.at).toISOString();
    for (const name of ["student", "code", "badge", "no_badge", "voids"]) if (event[name]) sent[name] = event[name];
    return sent;
  }

  async function sendBatch() {
    const batch = waiting().slice(0, BATCH);
    const reply = await call(device, "events", {
      now: new Date().toISOString(),
      events: batch.map(wire),
      sessions: Door.lists.all().map((list) => list.session),
    });
    const changed = [];
    for (const answer of reply.answers) {
      if (answer.result === "wait") continue;
      const { result: outcome, why, detail } = answer;
      changed.push({ ...events.get(answer.id), sent: true, outcome, why, detail, code: "" });
    }
    await Door.store.putEvents(changed);
    for (const event of changed) events.set(event.id, event);
    const heard = Object.entries(reply.marks).map(([session, marks]) => ({
      session: Number(session),
      marks,
      left: reply.left[session],
    }));
    await Door.store.setMarks(heard);
    Door.queue.heard = new Map(heard.map((one) => [one.session, one]));
    if (reply.is_revoked) await stopDevice();
    await clearUp();
    // Whatever waits for another event is tried again later.
    return changed.length > 0 && waiting().length > 0;
  }

  // What was sent of a session whose list is gone; what somebody has yet to read stays.
  async function clearUp() {
    const isDone = (event) => event.sent && !Door.lists.of(event.session) && (event.outcome !== "refused" || event.isRead);
    const done = [...events.values()].filter(isDone).map((event) => event.id);
    await Door.store.dropEvents(done);
    for (const id of done) events.delete(id);
  }

  async function stopDevice() {
    device = { ...device, isRevoked: true };
    await Door.store.setDevice(device);
    await Door.store.forgetLists();
    Door.lists.forgetAll();
    document.dispatchEvent(new CustomEvent("door:revoked"));
  }

  async function sendAll() {
    try {
      while (await sendBatch());
      failures = 0;
      isOnline = true;
    } catch (problem) {
      failures += 1;
      // A Response is an answer, if no good one; anything else means that nobody was there.
      isOnline = problem instanceof Response;
      if (isOnline && problem.status === 401) document.dispatchEvent(new CustomEvent("door:unknown"));
    }
    tell();
    later();
  }

  // Half of each wait is left to chance, so that the tablets of a building do not all call at once.
  function later() {
    window.clearTimeout(timer);
    const wait = failures ? Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS) : BEAT_MS;
    timer = window.setTimeout(send, wait * (0.5 + Math.random() / 2));
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
    const kept = made.map((event) => ({ ...event, at: Date.now(), sent: false, outcome: "", why: "", detail: "" }));
    await Door.store.putEvents(kept);
    for (const event of kept) events.set(event.id, event);
    tell();
    // A sending under way may have looked before this was there.
    if (running) running.then(send);
    else send();
    return kept;
  }

  async function start(known) {
    device = known;
    events = new Map((await Door.store.events()).map((event) => [event.id, event]));
    for (const one of await Door.store.marks()) Door.queue.heard.set(one.session, one);
    window.addEventListener("online", () => {
      failures = 0;
      send();
    });
    window.addEventListener("offline", () => {
      isOnline = false;
      tell();
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) send();
    });
  }

  // The person has read what did not count.
  async function dismiss(dismissed) {
    const read = dismissed.map((event) => ({ ...event, isRead: true }));
    await Door.store.putEvents(read);
    for (const event of read) events.set(event.id, event);
    tell();
  }

  Door.queue = {
    // By session, what the server last said: marks by student, and who left.
    heard: new Map(),
    event: (id) => events.get(id),
    forget: (session) => {
      for (const event of of(session)) if (event.sent) events.delete(event.id);
    },
    unread: () => [...events.values()].filter((event) => event.outcome === "refused" && !event.isRead),
    doubtful: () => [...events.values()].filter((event) => event.outcome === "conflict"),
    isOnline: () => isOnline && navigator.onLine,
    add,
    call,
    dismiss,
    of,
    send,
    start,
    stopDevice,
    waiting,
  };
})();

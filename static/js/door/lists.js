// The lists that the device takes along: fetched, checked against their seal, searched by badge.
(() => {
  "use strict";

  const Door = window.Door;
  const text = new TextEncoder();
  const LOOKALIKES = { 0: "O", 1: "I", 8: "B" };
  // A reservation's reference (bookings.references), which a companion shows for the whole class.
  const REFERENCE = /^[A-HJ-NP-Z2-9]{8}$/;
  const TIMES = ["opens_at", "starts_at", "ends_at", "expires_at"];
  // Lists by session, parsed.
  let lists = new Map();

  const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const bytes = (digits) => Uint8Array.from(digits.match(/../g) || [], (pair) => parseInt(pair, 16));
  const digest = async (words) => new Uint8Array(await crypto.subtle.digest("SHA-256", text.encode(words)));

  async function mac(key, message) {
    const hash = { name: "HMAC", hash: "SHA-256" };
    const imported = await crypto.subtle.importKey("raw", key, hash, false, ["sign"]);
    return hex(await crypto.subtle.sign("HMAC", imported, text.encode(message)));
  }

  // As the server does it (attendance.qr.tidy_code).
  function tidy(code) {
    const folded = code.normalize("NFKC").slice(0, 200).toUpperCase();
    return folded.replace(/[\s\p{Pd}−]/gu, "").replace(/[018]/g, (digit) => LOOKALIKES[digit]);
  }

  // A list that was not made for this device, or was changed since, is none.
  async function read(device, sealed) {
    if ((await mac(await digest(device.secret), sealed.text)) !== sealed.seal) return null;
    const list = JSON.parse(sealed.text);
    // Lists taken along by an earlier version of this page lack these.
    list.elsewhere = list.elsewhere || [];
    list.classes = list.classes || [];
    for (const place of [list, ...list.elsewhere]) {
      for (const time of TIMES) if (place[time]) place[time] = Date.parse(place[time]);
    }
    list.seats = list.groups.flatMap((group) => group.seats.map((seat) => Object.assign(seat, { group })));
    return list;
  }

  const { now, notBefore } = Door.clock;

  const isOver = (list) => list.expires_at <= notBefore();

  // From the disk; what is over is forgotten.
  async function load(device) {
    const found = new Map();
    for (const sealed of await Door.store.packs()) {
      const list = await read(device, sealed);
      if (list && !isOver(list)) found.set(list.session, list);
      else await Door.store.forget(sealed.session);
    }
    lists = new Map([...found].sort((one, other) => one[1].starts_at - other[1].starts_at));
  }

  // Takes today's lists along. Throws a Refusal where the server refuses.
  async function fetchLists(device) {
    const sent = Date.now();
    const reply = await Door.server.call(device, "packs", { now: Door.clock.iso(sent) });
    const packs = [];
    for (const sealed of reply.packs) packs.push({ ...sealed, session: JSON.parse(sealed.text).session });
    Door.clock.hear(sent, Date.parse(reply.now));
    await Door.store.setDevice(device);
    await Door.store.setPacks(packs);
    await load(device);
  }

  // Remembers what time it is, and says which lists are over.
  async function watch(device) {
    Door.clock.tick();
    await Door.store.setDevice(device);
    return [...lists.values()].filter(isOver);
  }

  const digestOf = async (list, code) => (await mac(bytes(list.salt), code)).slice(0, 32);

  // The seat in the list whose badge this is.
  async function seatOf(list, code) {
    const wanted = await digestOf(list, code);
    return list.seats.find((seat) => seat.badge === wanted);
  }

  // Where else today, as far as the lists know, the badge's bearer should be: what is not over, the next first.
  async function elsewhere(list, code) {
    const found = [];
    for (const other of lists.values()) if (other !== list && (await seatOf(other, code))) found.push(other);
    const wanted = await digestOf(list, code);
    found.push(...list.elsewhere.filter((place) => place.badges.includes(wanted)));
    return found.filter((place) => place.ends_at > now()).sort((one, other) => one.starts_at - other.starts_at)[0];
  }

  // The letters of a reference as it is kept, from what was scanned or typed; empty where they cannot be one.
  function tidyReference(text) {
    const letters = text.normalize("NFKC").slice(0, 40).toUpperCase().replace(/[^\p{L}\p{N}]/gu, "");
    return REFERENCE.test(letters) ? `${letters.slice(0, 4)}-${letters.slice(4)}` : "";
  }

  // The class whose companion shows this reference.
  async function classOf(list, reference) {
    const wanted = await digestOf(list, reference);
    return list.classes.find((one) => one.code === wanted);
  }

  Door.lists = {
    all: () => [...lists.values()],
    of: (session) => lists.get(session),
    forgetAll: () => lists.clear(),
    isCode: (code) => /^[A-Z2-7]{16}$/.test(code),
    fetch: fetchLists,
    classOf,
    elsewhere,
    load,
    now,
    seatOf,
    tidy,
    tidyReference,
    watch,
  };
})();

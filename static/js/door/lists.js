// The lists that the device takes along: fetched, checked against their seal, searched by badge.
(() => {
  "use strict";

  const Door = window.Door;
  const text = new TextEncoder();
  const LOOKALIKES = { 0: "O", 1: "I", 8: "B" };
  // Between the clock of this device and the server's, as measured when the lists were fetched.
  let ahead = 0;
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
    for (const moment of ["opens_at", "starts_at", "ends_at", "expires_at"]) list[moment] = Date.parse(list[moment]);
    list.seats = list.groups.flatMap((group) => group.seats.map((seat) => Object.assign(seat, { group })));
    return list;
  }

  // The server's time, as far as we know it.
  const now = () => Date.now() - ahead;

  // From the disk; what is over is forgotten.
  async function load(device) {
    ahead = device.ahead || 0;
    const found = new Map();
    for (const sealed of await Door.store.packs()) {
      const list = await read(device, sealed);
      if (list && list.expires_at > now()) found.set(list.session, list);
      else await Door.store.forget(sealed.session);
    }
    lists = new Map([...found].sort((one, other) => one[1].starts_at - other[1].starts_at));
  }

  // Takes today's lists along. Throws a Response where the server refuses.
  async function fetchLists(device) {
    const sent = Date.now();
    const reply = await Door.queue.call(device, "packs", { now: new Date(sent).toISOString() });
    const packs = [];
    for (const sealed of reply.packs) packs.push({ ...sealed, session: JSON.parse(sealed.text).session });
    device.ahead = (sent + Date.now()) / 2 - Date.parse(reply.now);
    await Door.store.setDevice(device);
    await Door.store.setPacks(packs);
    await load(device);
  }

  // The seat in the list whose badge this is.
  async function seatOf(list, code) {
    const wanted = (await mac(bytes(list.salt), code)).slice(0, 32);
    return list.seats.find((seat) => seat.badge === wanted);
  }

  Door.lists = {
    all: () => [...lists.values()],
    of: (session) => lists.get(session),
    forgetAll: () => lists.clear(),
    isCode: (code) => /^[A-Z2-7]{16}$/.test(code),
    fetch: fetchLists,
    load,
    now,
    seatOf,
    tidy,
  };
})();

// What this device keeps between visits, in IndexedDB: who it is, the lists it took along, what happened at
// the door, and what the server last said of the others. Nothing counts as kept before it is on the disk.
(() => {
  "use strict";

  const STORES = { device: "key", packs: "session", events: "id", marks: "session" };
  let opened = null;

  function open() {
    if (!opened) {
      opened = new Promise((resolve, reject) => {
        const asked = indexedDB.open("door", 1);
        asked.onupgradeneeded = () => {
          for (const [name, keyPath] of Object.entries(STORES)) asked.result.createObjectStore(name, { keyPath });
        };
        asked.onsuccess = () => {
          // A newer version of this page may change the stores: it need not wait for this one.
          asked.result.onversionchange = close;
          // The browser closes it by itself where the disk fails or somebody clears it.
          asked.result.onclose = close;
          resolve(asked.result);
        };
        asked.onerror = () => reject(asked.error);
      });
      opened.catch(close);
    }
    return opened;
  }

  function close() {
    if (opened) opened.then((database) => database.close(), () => {});
    opened = null;
  }

  // Runs work in one transaction over all stores, all of it or nothing; resolves once it is written down.
  async function once(mode, work) {
    const database = await open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(Object.keys(STORES), mode, { durability: "strict" });
      let result;
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error);
      try {
        work((name) => transaction.objectStore(name), (request) => {
          request.onsuccess = () => {
            result = request.result;
          };
        });
      } catch (problem) {
        reject(problem);
        transaction.abort();
      }
    });
  }

  // A connection that was closed under us fails whatever is asked of it: once more over a new one.
  async function within(mode, work) {
    try {
      return await once(mode, work);
    } catch {
      close();
      return once(mode, work);
    }
  }

  const all = (name) => within("readonly", (store, keep) => keep(store(name).getAll()));

  window.Door = window.Door || {};
  window.Door.store = {
    device: () => within("readonly", (store, keep) => keep(store("device").get("me"))),
    setDevice: (device) => within("readwrite", (store) => store("device").put({ ...device, key: "me" })),
    packs: () => all("packs"),
    events: () => all("events"),
    marks: () => all("marks"),

    // The lists as they are now; those of other sessions go.
    setPacks: (packs) =>
      within("readwrite", (store) => {
        store("packs").clear();
        for (const pack of packs) store("packs").put(pack);
      }),
    setMarks: (marks) =>
      within("readwrite", (store) => {
        for (const one of marks) store("marks").put(one);
      }),
    putEvents: (events) =>
      within("readwrite", (store) => {
        for (const event of events) store("events").put(event);
      }),

    dropEvents: (ids) =>
      within("readwrite", (store) => {
        for (const id of ids) store("events").delete(id);
      }),

    // A session is over: its list goes, and what of it was sent.
    forget: (session) =>
      within("readwrite", (store) => {
        store("packs").delete(session);
        store("marks").delete(session);
        const walk = store("events").openCursor();
        walk.onsuccess = () => {
          const cursor = walk.result;
          if (!cursor) return;
          if (cursor.value.session === session && cursor.value.sent) cursor.delete();
          cursor.continue();
        };
      }),
    forgetLists: () =>
      within("readwrite", (store) => {
        store("packs").clear();
        store("marks").clear();
      }),
  };
})();

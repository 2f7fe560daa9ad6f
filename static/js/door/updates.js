// Keeps this page able to open without a network, and up to date. A newer version that the browser has fetched waits
// until everything here was sent and nobody is in the middle of something; then it takes over and the page is drawn anew.
//
//   Door.updates.start(address, isIdle)   promises whether the page is kept.
//   Door.updates.look()                   call it whenever the page may have become idle.
(() => {
  "use strict";

  const Door = window.Door;
  const ASK_EVERY_MS = 30 * 60 * 1000;
  let registration = null;
  let isIdle = () => false;
  // Another version has taken over this page; the old one still runs in it.
  let isReplaced = false;

  const isSafe = () => isIdle() && !Door.queue.waiting().length;

  function look() {
    if (!registration || !isSafe()) return;
    if (isReplaced) window.location.reload();
    else if (registration.waiting) registration.waiting.postMessage("take over");
  }

  async function start(address, idle) {
    isIdle = idle;
    // The first one to take this page over is its own version.
    let isFirst = !navigator.serviceWorker.controller;
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      isReplaced = !isFirst;
      isFirst = false;
      look();
    });
    try {
      registration = await navigator.serviceWorker.register(address);
    } catch {
      // A certificate that the browser does not trust, or no network: it may be kept from an earlier visit.
      return Boolean(navigator.serviceWorker.controller);
    }
    registration.addEventListener("updatefound", () => {
      registration.installing.addEventListener("statechange", look);
    });
    const ask = () => navigator.onLine && registration.update().catch(() => {});
    window.setInterval(ask, ASK_EVERY_MS);
    window.addEventListener("online", ask);
    look();
    return true;
  }

  Door.updates = { look, start };
})();

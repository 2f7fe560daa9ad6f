// Keeps the door's page and what it is drawn with, so that it opens without a network. It never keeps a name:
// those are in the page's own store, and calls to the server pass it by.
/* global FILES, SHELL, VERSION */
(() => {
  "use strict";

  const KEPT = `door-${VERSION}`;

  self.addEventListener("install", (event) => {
    const wanted = [SHELL, ...FILES].map((url) => new Request(url, { cache: "reload" }));
    event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(wanted)).then(() => self.skipWaiting()));
  });

  self.addEventListener("activate", (event) => {
    const clear = async () => {
      for (const name of await caches.keys()) if (name.startsWith("door-") && name !== KEPT) await caches.delete(name);
      await self.clients.claim();
    };
    event.waitUntil(clear());
  });

  // The shell and its files as they were kept together; any other page of the desk from the network, and
  // without one the shell in its place.
  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin) return;
    if (request.mode === "navigate") {
      const kept = () => caches.match(SHELL, { ignoreVary: true });
      if (url.pathname === SHELL) event.respondWith(kept().then((page) => page || fetch(request)));
      else event.respondWith(fetch(request).catch(kept));
    } else if (FILES.includes(url.pathname)) {
      event.respondWith(caches.match(request, { ignoreVary: true }).then((file) => file || fetch(request)));
    }
  });
})();

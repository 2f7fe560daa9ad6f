// Keeps the door's page and what it is drawn with, so that it opens without a network. It never keeps a name:
// those are in the page's own store, and calls to the server pass it by.
/* global FILES, SHELL, VERSION */
(() => {
  "use strict";

  const KEPT = `door-${VERSION}`;
  const fresh = (url) => new Request(url, { cache: "reload" });

  // All or nothing, and all of one version: while servers are being replaced the page may come from another one than
  // this list. Then nothing is kept, the version before stays, and the browser tries again.
  async function keep() {
    const page = await fetch(fresh(SHELL));
    if (!page.ok || page.redirected || !(await page.clone().text()).includes(`data-version="${VERSION}"`)) {
      throw new Error(`no page of version ${VERSION}`);
    }
    const cache = await caches.open(KEPT);
    await cache.addAll(FILES.map(fresh));
    await cache.put(SHELL, page);
  }

  // The versions before go once none of their pages is open, or once an open one has sent everything and says so.
  async function takeOver() {
    for (const name of await caches.keys()) if (name.startsWith("door-") && name !== KEPT) await caches.delete(name);
    await self.clients.claim();
  }

  const kept = async (request) => (await caches.open(KEPT)).match(request, { ignoreVary: true });

  // The page itself runs with the files it was kept with; the desk's other pages with what the network has, while there
  // is one.
  async function file(request, clientId) {
    const client = clientId && (await self.clients.get(clientId));
    if (!client || new URL(client.url).pathname === SHELL) return (await kept(request)) || fetch(request);
    const found = await fetch(request).catch(() => null);
    return found && found.ok ? found : (await kept(request)) || found || Response.error();
  }

  // Any other page of the desk comes from the network, and without one the kept page in its place.
  async function page(request, pathname) {
    const own = () => kept(SHELL);
    if (pathname === SHELL) return (await own()) || fetch(request);
    return fetch(request).catch(async () => (await own()) || Response.error());
  }

  self.addEventListener("install", (event) => event.waitUntil(keep()));
  self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
  self.addEventListener("message", (event) => {
    if (event.data === "take over") self.skipWaiting();
  });
  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    if (request.method !== "GET" || origin !== self.location.origin) return;
    if (request.mode === "navigate") event.respondWith(page(request, pathname));
    else if (FILES.includes(pathname)) event.respondWith(file(request, event.clientId));
  });
})();

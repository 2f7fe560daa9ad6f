// Calls to the server: none waits for ever, and none outlives the network over which it went.
//
//   Door.server.call(device, what, body)   what the server answers; a Refusal where it is ours and says no.
(() => {
  "use strict";

  const Door = window.Door;
  const LONGEST_MS = 20000;
  const addresses = document.getElementById("door").dataset;
  const underWay = new Set();
  let isOnline = navigator.onLine;

  // Something answered, and not with success. code is our own word for why; empty where somebody else answered in
  // our place, as the proxy of a school or the page of its guest network does.
  class Refusal extends Error {
    constructor(status, { code = "", detail = "" }, waitMs) {
      super(`${status} ${code}`);
      Object.assign(this, { status, code, detail, waitMs });
    }
  }

  async function refusalOf(response) {
    const isOurs = (response.headers.get("Content-Type") || "").startsWith("application/problem+json");
    const problem = (isOurs && (await response.json().catch(() => null))) || {};
    return new Refusal(response.status, problem, 1000 * Number(response.headers.get("Retry-After")) || 0);
  }

  async function call(asking, what, body) {
    const aborter = new AbortController();
    const timer = window.setTimeout(() => aborter.abort(), LONGEST_MS);
    underWay.add(aborter);
    try {
      const response = await fetch(addresses[what], {
        method: "POST",
        credentials: "omit",
        headers: {
          // Its sentences are read on this page.
          "Accept-Language": document.documentElement.lang,
          "Content-Type": "application/json",
          Authorization: `Device ${asking.secret}`,
        },
        body: JSON.stringify(body),
        signal: aborter.signal,
      });
      if (!response.ok) throw await refusalOf(response);
      const reply = await response.json();
      isOnline = true;
      return reply;
    } catch (problem) {
      // A refusal is an answer, if no good one; anything else means that nobody was there.
      isOnline = problem instanceof Refusal;
      throw problem;
    } finally {
      window.clearTimeout(timer);
      underWay.delete(aborter);
    }
  }

  // The network is another one now: what went over the old one gets no answer any more.
  function giveUp() {
    for (const aborter of underWay) aborter.abort();
  }

  window.addEventListener("online", giveUp);
  window.addEventListener("offline", () => {
    isOnline = false;
    giveUp();
  });

  Door.server = { Refusal, call, isOnline: () => isOnline && navigator.onLine };
})();

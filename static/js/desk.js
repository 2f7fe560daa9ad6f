// The desk: sends badges that the camera reads, typed codes and tapped seats one by one and shows each answer, so that
// the camera keeps running. Without this script seats and typed codes are plain forms.
(() => {
  "use strict";

  const form = document.getElementById("code-form");
  if (!form) return;
  const { url, here, lost, lostWord } = form.dataset;
  const answer = document.getElementById("answer");
  // Whoever stands there for so long without an answer is told so.
  const ANSWER_MS = 8000;
  // What was sent last, for whose answer the next waits; and all that waits: a second tap of the same is no second one.
  let underWay = Promise.resolve();
  const asked = new Map();

  const token = () => form.elements.csrfmiddlewaretoken.value;

  // crypto.randomUUID is missing on plain http.
  function newId() {
    const bytes = window.crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  function signal(look) {
    if (look === "in") window.Signals.good();
    else window.Signals.bad();
  }

  function showLost() {
    const result = document.createElement("section");
    result.className = "result off";
    result.setAttribute("role", "status");
    for (const [look, text] of [["w", lostWord], ["p", lost]]) {
      const line = document.createElement("p");
      line.className = look;
      line.textContent = text;
      result.append(line);
    }
    answer.replaceChildren(result);
    signal("lost");
  }

  // Sends one arrival and draws its answer; returns in, dup, out, gone or lost.
  async function ask(address, values) {
    try {
      const response = await fetch(address, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams({ ...values, csrfmiddlewaretoken: token() }),
        signal: AbortSignal.timeout ? AbortSignal.timeout(ANSWER_MS) : null,
      });
      const isOurs = (response.headers.get("Content-Type") || "").startsWith("application/json");
      if (response.redirected || (!isOurs && response.status < 500)) {
        // Signed out, or no longer this person's door: the page itself says which.
        window.location.assign(here);
        return "gone";
      }
      if (!isOurs) throw new Error("no answer");
      const reply = await response.json();
      if (reply.go) {
        window.location.assign(reply.go);
        return "gone";
      }
      answer.innerHTML = reply.html;
      document.getElementById("board").outerHTML = reply.board;
      signal(reply.look);
      return reply.look;
    } catch {
      showLost();
      return "lost";
    }
  }

  function send(address, values) {
    const key = `${address} ${values.code || values.place}`;
    if (!asked.has(key)) {
      underWay = underWay.then(() => ask(address, values)).finally(() => asked.delete(key));
      asked.set(key, underWay);
    }
    return asked.get(key);
  }

  window.Camera.attach(async (code) => (await send(url, { code, way_in: "camera", event_id: newId() })) !== "lost");

  // A typed code, or one from a hand scanner that types, is sent without leaving the page.
  form.addEventListener("submit", async (event) => {
    const field = form.elements.code;
    if (!field.value.trim()) return;
    event.preventDefault();
    const typed = field.value;
    const sent = await send(url, { code: typed, way_in: "typed", event_id: newId() });
    if ((sent === "in" || sent === "dup") && field.value === typed) field.value = "";
    field.focus();
  });

  // A seat of the grid; the board is drawn anew with each answer, so the listener sits above it.
  document.addEventListener("submit", (event) => {
    const seat = event.submitter;
    if (!seat || !seat.matches("#board button.seat")) return;
    event.preventDefault();
    const { mode, no_badge: why } = event.target.elements;
    send(event.target.action, { place: seat.value, mode: mode.value, no_badge: why ? why.value : "" });
  });
})();

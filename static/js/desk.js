// The desk: sends badges that the camera reads, typed codes and tapped seats, a few at once, and draws each answer, so
// that the camera keeps running. An answer changes one seat and the counts; what other devices did comes with the whole
// board, which is asked for once it is quiet. Without this script seats and typed codes are plain forms.
(() => {
  "use strict";

  const form = document.getElementById("code-form");
  if (!form) return;
  const { url, here, lost, lostWord } = form.dataset;
  const mode = form.elements.mode.value;
  const answer = document.getElementById("answer");
  // Whoever stands there for so long without an answer is told so.
  const ANSWER_MS = 8000;
  // So many are on their way at once; at the server they wait for each other anyway.
  const MOST_AT_ONCE = 3;
  // After so long without an answer nobody is in the middle of something.
  const QUIET_MS = 1200;
  // All that is on its way or waits to be: a second tap of the same is no second one.
  const asked = new Map();
  const waiting = [];
  let underWay = 0;
  // How many were sent: a board that was drawn before the last of them is out of date.
  let sent = 0;
  let quiet = 0;

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

  const isJson = (response) => (response.headers.get("Content-Type") || "").startsWith("application/json");

  // Puts what the server drew in the place of an element; whoever was there with the keyboard still is.
  function replace(element, html) {
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    const again = focused && (focused.id ? `#${CSS.escape(focused.id)}` : `button.seat[value="${CSS.escape(focused.value || "")}"]`);
    element.outerHTML = html;
    if (again) (document.querySelector(again) || document.body).focus({ preventScroll: true });
  }

  const seatOf = (place) => document.querySelector(`#board button.seat[value="${CSS.escape(place)}"]`);

  function drawAnswer(reply) {
    answer.innerHTML = reply.html;
    for (const old of document.querySelectorAll("#board .seat.now")) old.classList.remove("now");
    if (!reply.seat) return;
    const seat = seatOf(reply.place);
    if (seat) replace(seat, reply.seat);
    document.getElementById("counts").outerHTML = reply.counts;
  }

  // Sends one of them and draws its answer; returns in, dup, out, gone or lost.
  async function ask(address, values) {
    sent += 1;
    try {
      const response = await fetch(address, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams({ ...values, csrfmiddlewaretoken: token() }),
        signal: AbortSignal.timeout ? AbortSignal.timeout(ANSWER_MS) : null,
      });
      if (response.redirected || (!isJson(response) && response.status < 500)) {
        // Signed out, or no longer this person's door: the page itself says which.
        window.location.assign(here);
        return "gone";
      }
      if (!isJson(response)) throw new Error("no answer");
      const reply = await response.json();
      if (reply.go) {
        window.location.assign(reply.go);
        return "gone";
      }
      drawAnswer(reply);
      signal(reply.look);
      return reply.look;
    } catch {
      showLost();
      return "lost";
    }
  }

  // The next ones are sent as those before them are answered, in the order in which they came.
  function sendNext() {
    while (waiting.length && underWay < MOST_AT_ONCE) {
      const { address, values, answered } = waiting.shift();
      underWay += 1;
      ask(address, values).then((look) => {
        underWay -= 1;
        answered(look);
        sendNext();
        drawBoardSoon();
      });
    }
  }

  function send(address, values) {
    const key = `${address} ${values.code || values.place}`;
    if (!asked.has(key)) {
      const reply = new Promise((answered) => waiting.push({ address, values, answered }));
      asked.set(key, reply.finally(() => asked.delete(key)));
      sendNext();
    }
    return asked.get(key);
  }

  function drawBoardSoon() {
    window.clearTimeout(quiet);
    quiet = window.setTimeout(drawBoard, QUIET_MS);
  }

  // The whole board: what other devices did too. Without an answer it stays as it is, until the next one.
  async function drawBoard() {
    const before = sent;
    const response = await fetch(here, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!response || response.redirected || !response.ok || !isJson(response)) return;
    const reply = await response.json();
    // Somebody came meanwhile: her answer asks for the board again.
    if (before !== sent || underWay) return;
    if (reply.go) {
      window.location.assign(reply.go);
      return;
    }
    const chosen = [...document.querySelectorAll("#board select")].map((select) => [select.id, select.value]);
    const now = document.querySelector("#board .seat.now");
    replace(document.getElementById("board"), reply.board);
    for (const [id, value] of chosen) {
      const select = document.getElementById(id);
      if (select) select.value = value;
    }
    const seat = now && seatOf(now.value);
    if (seat) seat.classList.add("now");
  }

  window.Camera.attach(async (code) => (await send(url, { code, way_in: "camera", event_id: newId(), mode })) !== "lost");

  // A typed code, or one from a hand scanner that types, is sent without leaving the page.
  form.addEventListener("submit", async (event) => {
    const field = form.elements.code;
    if (!field.value.trim()) return;
    event.preventDefault();
    const typed = field.value;
    const look = await send(url, { code: typed, way_in: "typed", event_id: newId(), mode });
    if ((look === "in" || look === "dup") && field.value === typed) field.value = "";
    field.focus();
  });

  // A seat of the grid; the board is drawn anew, so the listener sits above it.
  document.addEventListener("submit", (event) => {
    const seat = event.submitter;
    if (!seat || !seat.matches("#board button.seat")) return;
    event.preventDefault();
    const why = event.target.elements.no_badge;
    send(event.target.action, { place: seat.value, mode, no_badge: why ? why.value : "" });
  });
})();

// The desk: reads badges with the camera and sends them one by one, and seats as they are tapped, so that
// the camera keeps running. Without this script seats and typed codes are plain forms.
(() => {
  "use strict";

  const box = document.getElementById("camera");
  const form = document.getElementById("code-form");
  if (!box || !form) return;
  const video = box.querySelector("video");
  const startButton = document.getElementById("camera-start");
  const switchButton = document.getElementById("camera-switch");
  const note = document.getElementById("camera-note");
  const answer = document.getElementById("answer");
  // A badge held on in front of the camera is sent again only after it was gone this long.
  const SAME_AGAIN_MS = 3000;
  const LOOK_EVERY_MS = 60;
  const WIDEST = 960;
  // Whether the camera was running when the page was left for a student's page.
  const WAS_RUNNING = "desk-camera";
  let facing = "environment";
  let stream = null;
  let lastCode = "";
  let lastSeen = 0;
  let busy = false;

  const token = () => form.elements.csrfmiddlewaretoken.value;

  // The browser's own detector, else zxing-wasm served by us: a function that promises a text or "".
  async function makeReader() {
    const own = window.BarcodeDetector;
    if (own && own.getSupportedFormats && (await own.getSupportedFormats()).includes("qr_code")) {
      const detector = new own({ formats: ["qr_code"] });
      return async () => ((await detector.detect(video))[0] || { rawValue: "" }).rawValue;
    }
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    window.ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => box.dataset.wasm } });
    return async () => {
      if (!video.videoWidth) return "";
      const scale = Math.min(1, WIDEST / video.videoWidth);
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      const picture = pen.getImageData(0, 0, canvas.width, canvas.height);
      const options = { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 };
      const [found] = await window.ZXingWASM.readBarcodes(picture, options);
      return found && found.isValid ? found.text : "";
    };
  }

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
    for (const [look, text] of [["w", box.dataset.lostWord], ["p", box.dataset.lost]]) {
      const line = document.createElement("p");
      line.className = look;
      line.textContent = text;
      result.append(line);
    }
    answer.replaceChildren(result);
    signal("lost");
  }

  // Sends one arrival and draws its answer; returns in, dup, out or lost.
  async function send(url, values) {
    busy = true;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams({ ...values, csrfmiddlewaretoken: token() }),
      });
      const isOurs = (response.headers.get("Content-Type") || "").startsWith("application/json");
      if (response.redirected || (!isOurs && response.status < 500)) {
        // Signed out, or no longer this person's door: the page itself says which.
        window.location.assign(box.dataset.here);
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
      lastCode = "";
      showLost();
      return "lost";
    } finally {
      busy = false;
    }
  }

  async function look(read) {
    if (!stream) return;
    if (!busy && !document.hidden) {
      const code = await read().catch(() => "");
      const now = Date.now();
      if (code) {
        const isNew = code !== lastCode || now - lastSeen > SAME_AGAIN_MS;
        lastCode = code;
        lastSeen = now;
        if (isNew) await send(box.dataset.url, { code, way_in: "camera", event_id: newId() });
      }
    }
    window.setTimeout(look, LOOK_EVERY_MS, read);
  }

  function stop() {
    if (stream) for (const track of stream.getTracks()) track.stop();
    stream = null;
  }

  async function start() {
    stop();
    note.hidden = true;
    try {
      const wish = { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 720 } };
      const opened = await navigator.mediaDevices.getUserMedia({ video: wish, audio: false });
      stream = opened;
      video.srcObject = opened;
      box.hidden = false;
      startButton.hidden = true;
      switchButton.hidden = false;
      sessionStorage.setItem(WAS_RUNNING, "yes");
      await video.play();
      look(await makeReader());
    } catch {
      // No camera, not allowed, or plain http, where mediaDevices is missing.
      stop();
      box.hidden = true;
      startButton.hidden = false;
      switchButton.hidden = true;
      sessionStorage.removeItem(WAS_RUNNING);
      note.textContent = box.dataset.denied;
      note.hidden = false;
    }
  }

  startButton.hidden = false;
  startButton.addEventListener("click", start);
  switchButton.addEventListener("click", () => {
    facing = facing === "environment" ? "user" : "environment";
    start();
  });
  if (sessionStorage.getItem(WAS_RUNNING)) start();

  // A typed code, or one from a hand scanner that types, is sent without leaving the page.
  form.addEventListener("submit", async (event) => {
    const field = form.elements.code;
    if (!field.value.trim()) return;
    event.preventDefault();
    if (busy) return;
    const sent = await send(box.dataset.url, { code: field.value, way_in: "typed", event_id: newId() });
    if (sent === "in" || sent === "dup") field.value = "";
    field.focus();
  });

  // A seat of the grid; the board is drawn anew with each answer, so the listener sits above it.
  document.addEventListener("submit", (event) => {
    const seat = event.submitter;
    if (!seat || !seat.matches("#board button.seat")) return;
    event.preventDefault();
    if (busy) return;
    const { mode, no_badge: why } = event.target.elements;
    send(event.target.action, { place: seat.value, mode: mode.value, no_badge: why ? why.value : "" });
  });
})();

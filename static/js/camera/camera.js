// The camera at the door, the same on the desk's page and on the one that works off line: opens it, says why it cannot,
// looks as long as it is on, and hands on each badge once.
//
//   Camera.attach((code) => …)   once; promises whether there was an answer, else the badge may be shown again soon.
//   Camera.stop()
(() => {
  "use strict";

  const box = document.getElementById("camera");
  if (!box) return;
  const video = box.querySelector("video");
  const note = document.getElementById("camera-note");
  const part = (name) => document.getElementById(`camera-${name}`);
  const [startButton, stopButton, switchButton, torchButton] = ["start", "stop", "switch", "torch"].map(part);
  // A badge is taken again only after it was gone for so long; sooner if nobody answered for it.
  const AGAIN_MS = 3000;
  const AGAIN_UNANSWERED_MS = 800;
  const LOOK_EVERY_MS = 40;
  // So many badges may wait for their answers before the camera looks at the next.
  const MOST_WAITING = 8;
  // Whether the camera was on when the page was left, and which it was.
  const WAS_ON = "door-camera-on";
  const CHOSEN = "door-camera";
  const REFUSALS = {
    NotAllowedError: "refused",
    SecurityError: "refused",
    NotFoundError: "absent",
    OverconstrainedError: "absent",
    NotReadableError: "busy",
    AbortError: "busy",
  };
  let stream = null;
  let wakeLock = null;
  let reader = null;
  let onCode = null;
  // Every start and stop is a turn of its own; what an earlier one still waits for is dropped.
  let turn = 0;
  let waiting = 0;
  let isPaused = false;
  // Badges seen lately: when last, and how long they have to be gone.
  const seen = new Map();

  const pause = (milliseconds) => new Promise((resolve) => window.setTimeout(resolve, milliseconds));
  const track = () => stream && stream.getVideoTracks()[0];

  function say(why) {
    note.textContent = why ? box.dataset[why] : "";
    note.hidden = !why;
  }

  function close(opened) {
    for (const one of opened.getTracks()) one.stop();
  }

  function release() {
    turn += 1;
    if (stream) close(stream);
    stream = null;
    video.srcObject = null;
    if (wakeLock) wakeLock.release();
    wakeLock = null;
  }

  function drawButtons(devices) {
    const isOn = Boolean(stream);
    const focused = document.activeElement;
    box.hidden = !isOn;
    startButton.hidden = isOn;
    stopButton.hidden = !isOn;
    switchButton.hidden = !isOn || devices.length < 2;
    torchButton.hidden = !isOn || !canLight();
    torchButton.setAttribute("aria-pressed", "false");
    const isOurs = [startButton, stopButton, switchButton, torchButton].includes(focused);
    if (isOurs && focused.hidden) (isOn ? stopButton : startButton).focus();
  }

  const abilities = () => (track() && track().getCapabilities ? track().getCapabilities() : {});
  const canLight = () => Boolean(abilities().torch);

  function stop(why) {
    isPaused = false;
    sessionStorage.removeItem(WAS_ON);
    release();
    drawButtons([]);
    say(why);
  }

  // The screen stays lit while the camera looks; where the device refuses, it goes dark as it always does.
  async function keepAwake(mine) {
    if (!navigator.wakeLock) return;
    const lock = await navigator.wakeLock.request("screen").catch(() => null);
    if (lock && mine !== turn) lock.release();
    else wakeLock = lock;
  }

  // One reader for as long as the page is open; one that could not be fetched is fetched again.
  function readerOnce() {
    if (!reader) {
      reader = window.Reading.makeReader(box.dataset);
      reader.catch(() => {
        reader = null;
      });
    }
    return reader;
  }

  function chosen() {
    const known = localStorage.getItem(CHOSEN) || "environment";
    return ["environment", "user"].includes(known) ? { facingMode: known } : { deviceId: { exact: known } };
  }

  async function start() {
    release();
    const mine = turn;
    say("");
    if (!navigator.mediaDevices) {
      stop(window.isSecureContext ? "old" : "insecure");
      return;
    }
    try {
      const wish = { ...chosen(), width: { ideal: 1280 }, height: { ideal: 720 } };
      const opened = await navigator.mediaDevices.getUserMedia({ video: wish, audio: false });
      if (mine !== turn) {
        close(opened);
        return;
      }
      stream = opened;
    } catch (problem) {
      if (mine !== turn) return;
      if (problem.name === "OverconstrainedError" && localStorage.getItem(CHOSEN)) {
        // The camera that was chosen once is gone: another.
        localStorage.removeItem(CHOSEN);
        start();
      } else stop(REFUSALS[problem.name] || "busy");
      return;
    }
    sessionStorage.setItem(WAS_ON, "yes");
    track().addEventListener("ended", () => mine === turn && stop("busy"));
    if ((abilities().focusMode || []).includes("continuous")) {
      track().applyConstraints({ advanced: [{ focusMode: "continuous" }] }).catch(() => {});
    }
    video.srcObject = stream;
    // Somebody who sees herself expects a mirror.
    video.classList.toggle("mirror", track().getSettings().facingMode === "user");
    const devices = await navigator.mediaDevices.enumerateDevices();
    if (mine !== turn) return;
    drawButtons(devices.filter((device) => device.kind === "videoinput"));
    keepAwake(mine);
    try {
      await video.play();
      await look(mine, await readerOnce());
    } catch (problem) {
      if (mine !== turn) return;
      stop("broken");
      throw problem;
    }
  }

  async function look(mine, read) {
    while (mine === turn) {
      if (waiting < MOST_WAITING && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        const text = await read(video);
        if (text && mine === turn) take(text);
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  async function take(code) {
    const now = performance.now();
    for (const [old, { at, gone }] of seen) if (now - at >= gone) seen.delete(old);
    if (seen.has(code)) {
      seen.get(code).at = now;
      return;
    }
    const sight = { at: now, gone: AGAIN_MS };
    seen.set(code, sight);
    waiting += 1;
    box.classList.add("read");
    try {
      if (!(await onCode(code))) sight.gone = AGAIN_UNANSWERED_MS;
    } finally {
      waiting -= 1;
      box.classList.toggle("read", waiting > 0);
    }
  }

  // The other side of a phone; where cameras do not say which way they look, the next one.
  async function change() {
    const { facingMode, deviceId } = track().getSettings();
    let next = facingMode === "user" ? "environment" : "user";
    if (!facingMode) {
      const devices = await navigator.mediaDevices.enumerateDevices();
      const cameras = devices.filter((device) => device.kind === "videoinput").map((device) => device.deviceId);
      next = cameras[(cameras.indexOf(deviceId) + 1) % cameras.length];
    }
    localStorage.setItem(CHOSEN, next);
    start();
  }

  async function light() {
    const isOn = torchButton.getAttribute("aria-pressed") === "true";
    await track().applyConstraints({ advanced: [{ torch: !isOn }] });
    torchButton.setAttribute("aria-pressed", String(!isOn));
  }

  function attach(handler) {
    if (onCode) return;
    onCode = handler;
    part("buttons").hidden = false;
    startButton.addEventListener("click", start);
    stopButton.addEventListener("click", () => stop(""));
    switchButton.addEventListener("click", change);
    torchButton.addEventListener("click", light);
    // A page that nobody sees does not look: the camera goes off, and on again with the page.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && stream) {
        isPaused = true;
        release();
      } else if (!document.hidden && isPaused) {
        isPaused = false;
        start();
      }
    });
    if (sessionStorage.getItem(WAS_ON)) start();
  }

  window.Camera = { attach, stop: () => stop("") };
})();

// The desk: reads badges with the camera and sends them one by one. Seats and typed codes work without it.
(function () {
  "use strict";

  var box = document.getElementById("camera");
  var form = document.getElementById("code-form");
  if (!box || !form) return;
  var video = box.querySelector("video");
  var startButton = document.getElementById("camera-start");
  var switchButton = document.getElementById("camera-switch");
  var note = document.getElementById("camera-note");
  var answer = document.getElementById("answer");
  var SAME_AGAIN_MS = 3000;
  var facing = "environment";
  var stream = null;
  var lastCode = "";
  var lastSeen = 0;
  var busy = false;
  var sound = null;

  function token() {
    return form.querySelector("[name=csrfmiddlewaretoken]").value;
  }

  // Either the browser's own detector, or zxing-wasm served by us. Each returns a promise of a text or "".
  function makeReader() {
    if ("BarcodeDetector" in window && typeof window.BarcodeDetector.getSupportedFormats === "function") {
      return window.BarcodeDetector.getSupportedFormats().then(function (formats) {
        if (formats.indexOf("qr_code") < 0) return makeWasmReader();
        var detector = new window.BarcodeDetector({ formats: ["qr_code"] });
        return function () {
          return detector.detect(video).then(function (found) {
            return found.length ? found[0].rawValue : "";
          });
        };
      });
    }
    return Promise.resolve(makeWasmReader());
  }

  function makeWasmReader() {
    var canvas = document.createElement("canvas");
    var pen = canvas.getContext("2d", { willReadFrequently: true });
    window.ZXingWASM.prepareZXingModule({
      overrides: {
        locateFile: function (path, prefix) {
          return path.endsWith(".wasm") ? box.dataset.wasm : prefix + path;
        },
      },
    });
    return function () {
      var width = video.videoWidth;
      var height = video.videoHeight;
      if (!width) return Promise.resolve("");
      var scale = Math.min(1, 960 / width);
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      var picture = pen.getImageData(0, 0, canvas.width, canvas.height);
      return window.ZXingWASM
        .readBarcodes(picture, { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 })
        .then(function (found) {
          return found.length && found[0].isValid ? found[0].text : "";
        });
    };
  }

  function newId() {
    if (window.crypto.randomUUID) return window.crypto.randomUUID();
    var bytes = window.crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    var hex = Array.from(bytes, function (b) { return b.toString(16).padStart(2, "0"); }).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  // One short tone for in, two low ones for refused; the same with vibration.
  function signal(look) {
    if (navigator.vibrate) navigator.vibrate(look === "in" ? 80 : [80, 80, 80]);
    if (!sound) return;
    var tones = look === "in" ? [[880, 0]] : [[280, 0], [280, 0.22]];
    tones.forEach(function (tone) {
      var oscillator = sound.createOscillator();
      var volume = sound.createGain();
      oscillator.frequency.value = tone[0];
      volume.gain.value = 0.15;
      oscillator.connect(volume).connect(sound.destination);
      oscillator.start(sound.currentTime + tone[1]);
      oscillator.stop(sound.currentTime + tone[1] + 0.14);
    });
  }

  function showLost() {
    var result = document.createElement("section");
    result.className = "result off";
    result.setAttribute("role", "status");
    var word = document.createElement("p");
    word.className = "w";
    word.textContent = box.dataset.lostWord;
    var detail = document.createElement("p");
    detail.className = "m";
    detail.textContent = box.dataset.lost;
    result.append(word, detail);
    answer.replaceChildren(result);
    signal("out");
  }

  function send(code, wayIn) {
    busy = true;
    var body = new URLSearchParams({ code: code, way_in: wayIn, event_id: newId(), csrfmiddlewaretoken: token() });
    return fetch(box.dataset.url, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: body,
      credentials: "same-origin",
    })
      .then(function (response) {
        if (!(response.headers.get("Content-Type") || "").startsWith("application/json")) {
          // Signed out, or the door was closed elsewhere: the page itself says which.
          window.location.reload();
          throw new Error("no answer");
        }
        return response.json();
      })
      .then(function (reply) {
        answer.innerHTML = reply.html;
        document.getElementById("board").outerHTML = reply.board;
        signal(reply.look);
        return reply.look;
      })
      .catch(function () {
        lastCode = "";
        showLost();
        return "lost";
      })
      .finally(function () {
        busy = false;
      });
  }

  function look(read) {
    if (!stream) return;
    var next = function () { window.setTimeout(function () { look(read); }, 60); };
    if (busy || document.hidden) return next();
    read().then(function (text) {
      var now = Date.now();
      if (text && (text !== lastCode || now - lastSeen > SAME_AGAIN_MS)) {
        lastCode = text;
        lastSeen = now;
        return send(text, "camera");
      }
      if (text) lastSeen = now;
      return null;
    }).catch(function () { return null; }).then(next);
  }

  function stop() {
    if (stream) stream.getTracks().forEach(function (track) { track.stop(); });
    stream = null;
  }

  function start() {
    stop();
    note.hidden = true;
    var Sound = window.AudioContext || window.webkitAudioContext;
    if (!sound && Sound) sound = new Sound();
    if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return refuse();
    return navigator.mediaDevices
      .getUserMedia({ video: { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 720 } }, audio: false })
      .then(function (opened) {
        stream = opened;
        video.srcObject = opened;
        box.hidden = false;
        startButton.hidden = true;
        switchButton.hidden = false;
        return video.play().then(makeReader).then(look);
      })
      .catch(refuse);
  }

  function refuse() {
    stop();
    box.hidden = true;
    startButton.hidden = false;
    switchButton.hidden = true;
    note.textContent = box.dataset.denied;
    note.hidden = false;
  }

  startButton.hidden = false;
  startButton.addEventListener("click", start);
  switchButton.addEventListener("click", function () {
    facing = facing === "environment" ? "user" : "environment";
    start();
  });

  // A typed code, or one from a hand scanner that types, is sent without leaving the page.
  form.addEventListener("submit", function (event) {
    var field = form.elements.code;
    if (!field.value.trim()) return;
    event.preventDefault();
    if (busy) return;
    send(field.value, "typed").then(function (look) {
      if (look === "in" || look === "dup") field.value = "";
      field.focus();
    });
  });
})();

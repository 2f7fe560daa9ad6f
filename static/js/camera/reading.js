// From what the camera shows to the text of a code: by the browser's own detector where it has one that works, else by
// zxing-wasm, served by us, in a worker, so that the page stays quick while it reads.
(() => {
  "use strict";

  // Two views of every frame. The whole picture made small: near, blurred and noisy codes, in a fraction of a
  // millisecond. The middle as it is: small and far ones.
  const SMALL = 320;
  const MIDDLE = 640;

  // What of the video is to be seen on the page, where object-fit: cover cuts it.
  function shown(video) {
    const { videoWidth, videoHeight, clientWidth, clientHeight } = video;
    const scale = Math.max(clientWidth / videoWidth, clientHeight / videoHeight);
    return {
      width: scale ? Math.min(videoWidth, clientWidth / scale) : videoWidth,
      height: scale ? Math.min(videoHeight, clientHeight / scale) : videoHeight,
    };
  }

  // A rectangle in the middle of the video, and how many pixels across and down to draw it.
  function view(video, width, height, scale) {
    return {
      x: (video.videoWidth - width) / 2,
      y: (video.videoHeight - height) / 2,
      width,
      height,
      across: Math.max(1, Math.round(width * scale)),
      down: Math.max(1, Math.round(height * scale)),
    };
  }

  function viewsOf(video) {
    const { width, height } = shown(video);
    const small = view(video, width, height, Math.min(1, SMALL / Math.max(width, height)));
    return [small, view(video, Math.min(width, MIDDLE), Math.min(height, MIDDLE), 1)];
  }

  // Where a worker cannot draw (Safari before 16.4) or the browser has no frames to hand over (Firefox on phones),
  // the page draws, and the worker reads.
  let canvas = null;
  let pen = null;
  function pictureOf(video, { x, y, width, height, across, down }) {
    if (!canvas) {
      canvas = document.createElement("canvas");
      pen = canvas.getContext("2d", { willReadFrequently: true });
    }
    [canvas.width, canvas.height] = [across, down];
    pen.drawImage(video, x, y, width, height, 0, 0, across, down);
    return pen.getImageData(0, 0, across, down);
  }

  const canHandOver = () => Boolean(window.VideoFrame && window.OffscreenCanvas);

  async function fetched(url) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return response;
  }

  // The worker's source is put together here: a worker's own requests pass the service worker by in some browsers,
  // the page's never do.
  async function makeWorker(addresses) {
    const [zxing, decoder, wasm] = await Promise.all([
      fetched(addresses.zxing).then((response) => response.text()),
      fetched(addresses.decoder).then((response) => response.text()),
      fetched(addresses.wasm).then((response) => response.arrayBuffer()),
    ]);
    const source = URL.createObjectURL(new Blob([zxing, "\n", decoder], { type: "text/javascript" }));
    const worker = new Worker(source);
    // One question at a time; the camera asks no second one before it has its answer.
    const ask = (question, handedOver) =>
      new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => ("problem" in data ? reject(new Error(data.problem)) : resolve(data.text));
        worker.onerror = () => reject(new Error("the decoder did not start"));
        worker.postMessage(question, handedOver);
      });
    await ask({ wasm }, [wasm]);
    URL.revokeObjectURL(source);
    return (video) => {
      const views = viewsOf(video);
      if (canHandOver()) {
        const frame = new window.VideoFrame(video);
        return ask({ frame, views }, [frame]);
      }
      const pictures = views.map((one) => pictureOf(video, one));
      return ask({ pictures }, pictures.map((picture) => picture.data.buffer));
    };
  }

  // Of several codes that the browser's detector sees, the one nearest the middle.
  function nearest(found, video) {
    const away = ({ boundingBox: { x, y, width, height } }) =>
      Math.hypot(x + width / 2 - video.videoWidth / 2, y + height / 2 - video.videoHeight / 2);
    const best = found.reduce((one, other) => (!one || away(other) < away(one) ? other : one), null);
    return best ? best.rawValue : "";
  }

  async function makeOwn() {
    const Own = window.BarcodeDetector;
    if (!Own || !Own.getSupportedFormats || !(await Own.getSupportedFormats()).includes("qr_code")) return null;
    const detector = new Own({ formats: ["qr_code"] });
    return async (video) => nearest(await detector.detect(video), video);
  }

  // A function that promises what the video shows just now: the text of a code or "".
  async function makeReader(addresses) {
    const own = await makeOwn();
    let read = own || (await makeWorker(addresses));
    if (!own) return read;
    return async (video) => {
      try {
        return await read(video);
      } catch (problem) {
        // Android without Google's services has the detector's name and nothing behind it.
        if (read !== own) throw problem;
        read = await makeWorker(addresses);
        return "";
      }
    };
  }

  window.Reading = { makeReader };
})();

// The worker that reads codes with zxing-wasm. It asks the network for nothing: the page hands it the program
// (zxing-wasm stands before this file in the worker's own source), so that what the page has is enough off line.
/* global ZXingWASM */
(() => {
  "use strict";

  // Ours are printed dark on light, and three finders of a QR code are found at any angle: trying harder, inverted or
  // turned found nothing more in our films and took up to twice as long. What helps against noise is a smaller
  // picture, which the page asks for itself.
  const OPTIONS = {
    formats: ["QRCode"],
    tryHarder: false,
    tryRotate: false,
    tryInvert: false,
    tryDownscale: false,
    maxNumberOfSymbols: 1,
  };
  let canvas = null;
  let pen = null;

  function drawn(frame, { x, y, width, height, across, down }) {
    if (!canvas) {
      canvas = new OffscreenCanvas(across, down);
      pen = canvas.getContext("2d", { willReadFrequently: true });
    }
    if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
    pen.drawImage(frame, x, y, width, height, 0, 0, across, down);
    return pen.getImageData(0, 0, across, down);
  }

  // The first code in any of the views, which come as pictures or are cut out of the frame.
  async function read({ frame, views, pictures }) {
    try {
      for (const view of frame ? views : pictures) {
        const [found] = await ZXingWASM.readBarcodes(frame ? drawn(frame, view) : view, OPTIONS);
        if (found && found.isValid) return found.text;
      }
      return "";
    } finally {
      if (frame) frame.close();
    }
  }

  const prepare = (wasmBinary) =>
    ZXingWASM.prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true }).then(() => "");

  self.addEventListener("message", async ({ data }) => {
    try {
      self.postMessage({ text: await (data.wasm ? prepare(data.wasm) : read(data)) });
    } catch (problem) {
      self.postMessage({ problem: String(problem) });
    }
  });
})();

// Registers this device: the secret that the server tells once goes into this browser's own store.
(() => {
  "use strict";

  const form = document.getElementById("register");
  if (!form) return;
  const here = document.getElementById("this-device");

  async function start() {
    if (!window.isSecureContext || !navigator.serviceWorker) return;
    document.getElementById("scriptless").hidden = true;
    const known = await window.Door.store.device();
    if (known && !known.isRevoked) here.hidden = false;
    else form.hidden = false;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const response = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new FormData(form),
    });
    const isOurs = (response.headers.get("Content-Type") || "").startsWith("application/json");
    if (!response.ok || !isOurs) {
      // The page itself says what is wrong.
      window.location.reload();
      return;
    }
    await window.Door.store.setDevice(await response.json());
    window.location.assign(form.dataset.then);
  });

  start();
})();

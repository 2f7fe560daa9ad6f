// The room's screen: counts down to the next code, draws it and who has come, and says so when it
// cannot. Without this script the page is loaded anew every fifteen seconds.
(() => {
  "use strict";

  const screen = document.getElementById("main");
  const full = document.getElementById("room-full");
  if (!screen || !screen.dataset.url) return;
  // Who has come is asked for more often than the code changes.
  const LOOK_EVERY_MS = 5000;
  let codeEnds = Date.now() + Number(screen.dataset.left) * 1000;
  let asked = Date.now();
  let busy = false;

  function show() {
    const left = Math.max(0, Math.ceil((codeEnds - Date.now()) / 1000));
    const line = document.getElementById("room-left");
    if (line) line.textContent = `${left} ${line.dataset.text}`;
    const since = Date.now() - asked;
    if ((left === 0 && since >= 1000) || since >= LOOK_EVERY_MS) renew();
  }

  async function renew() {
    if (busy) return;
    busy = true;
    asked = Date.now();
    try {
      const answer = await fetch(screen.dataset.url, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const said = await answer.json();
      if (said.go) {
        window.location.assign(said.go);
        return;
      }
      document.getElementById("room-live").outerHTML = said.html;
      codeEnds = Date.now() + said.left * 1000;
    } catch {
      const lost = document.getElementById("room-lost");
      lost.textContent = screen.dataset.lost;
      lost.hidden = false;
    } finally {
      busy = false;
    }
  }

  if (full && document.documentElement.requestFullscreen) {
    full.hidden = false;
    full.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen();
    });
  }
  window.setInterval(show, 250);
})();

// What is heard and felt at the door, the same on the desk's page and on the one that works off line: one short high
// tone where all is well, two low ones where somebody has to look. The button that mutes them is remembered.
//
//   Signals.good(), Signals.bad()
(() => {
  "use strict";

  const MUTED = "door-muted";
  const VOLUME = 0.2;
  // Pitch, when, and how long, in seconds.
  const GOOD = [[1040, 0, 0.13]];
  const BAD = [[300, 0, 0.17], [225, 0.22, 0.26]];
  const button = document.getElementById("door-sound");
  let context = null;

  const isMuted = () => localStorage.getItem(MUTED) === "yes";

  // Browsers let a page be heard only after somebody touched it, and call only some events a touch.
  function allow() {
    const Sound = window.AudioContext || window.webkitAudioContext;
    if (!context && Sound) context = new Sound();
    if (context && context.state !== "running") context.resume();
  }

  function play(tones) {
    if (isMuted() || !context || context.state !== "running") return;
    for (const [pitch, after, length] of tones) {
      const [tone, volume] = [context.createOscillator(), context.createGain()];
      const starts = context.currentTime + after;
      tone.frequency.value = pitch;
      // Faded in and out: a tone that is cut off clicks.
      volume.gain.setValueAtTime(0, starts);
      volume.gain.linearRampToValueAtTime(VOLUME, starts + 0.01);
      volume.gain.setValueAtTime(VOLUME, starts + length - 0.03);
      volume.gain.linearRampToValueAtTime(0, starts + length);
      tone.connect(volume).connect(context.destination);
      tone.start(starts);
      tone.stop(starts + length);
    }
  }

  function signal(tones, pattern) {
    if (navigator.vibrate) navigator.vibrate(pattern);
    play(tones);
  }

  function draw() {
    button.setAttribute("aria-pressed", String(!isMuted()));
    button.querySelector("use").setAttribute("href", isMuted() ? "#i-mute" : "#i-sound");
  }

  window.Signals = {
    good: () => signal(GOOD, 80),
    bad: () => signal(BAD, [120, 80, 120]),
  };

  for (const touch of ["pointerup", "click", "keydown"]) document.addEventListener(touch, allow, { capture: true });
  if (!button) return;
  button.addEventListener("click", () => {
    localStorage.setItem(MUTED, isMuted() ? "no" : "yes");
    draw();
    // Whoever turns it on hears how loud it is.
    if (context && !isMuted()) context.resume().then(() => play(GOOD));
  });
  draw();
  button.hidden = false;
})();

// What time it is by the server, as far as this device can tell: its own clock may be wrong, and may be set meanwhile.
(() => {
  "use strict";

  // What a clock drifts by itself, or what the waking of a device costs, is less.
  const STEP_MS = 5000;
  // Fallen back by more than this behind what was known before, the clock is evidently wrong.
  const FALLEN_MS = 60 * 1000;
  // A clock that lost its battery says 1970, which the server takes for no time at all.
  const EARLIEST = Date.UTC(2001, 0, 1);
  let device = {};
  // By how much the wall clock leads the one that nobody can set, when the server's time was heard last.
  let lead = 0;
  // Whether it was heard since this page was opened: somebody may have set the clock while it was closed.
  let isHeard = false;

  const leadNow = () => Date.now() - performance.now();
  const step = () => leadNow() - lead;

  // Set back since: nothing else makes the lead shrink. That it grows may be a device that slept, too.
  const ahead = () => (device.ahead || 0) + (step() < -STEP_MS ? step() : 0);
  const now = () => Date.now() - ahead();
  // The latest moment that was known here: setting the clock back makes nothing earlier.
  const notBefore = () => Math.max(now(), device.latest || 0);
  const isWrong = () => now() < (device.latest || 0) - FALLEN_MS;

  function start(known) {
    device = known;
    lead = leadNow();
    device.latest = notBefore();
  }

  // The server's time was heard, in answer to what was asked at such a moment. Whether it is another than we thought.
  function hear(asked, told) {
    const heard = (asked + Date.now()) / 2 - told;
    const isNews = device.ahead === undefined || Math.abs(heard - device.ahead) > 1000;
    device.ahead = heard;
    device.latest = told;
    lead = leadNow();
    isHeard = true;
    return isNews;
  }

  // What goes with an event until the server's time is heard.
  const unsure = () => (isHeard ? {} : { lead: leadNow(), life: performance.timeOrigin });
  const isOurs = (event) => event.life === performance.timeOrigin;

  // The event with how far the clock was ahead then, now that it is known how far it is ahead. Grown since, the lead
  // says nothing: the device may have slept. Then what was known before is the best that is.
  function settled(event) {
    const { lead: led, life: _life, ...sure } = event;
    const grown = leadNow() - led;
    return grown > STEP_MS ? sure : { ...sure, ahead_ms: Math.round(device.ahead - grown) };
  }

  window.Door.clock = {
    hear,
    isWrong,
    isUnsure: (event) => isHeard && isOurs(event),
    needsHearing: (event) => !isHeard && isOurs(event),
    now,
    notBefore,
    settled,
    start,
    unsure,
    // What goes with an event: how far the clock was ahead then; null where that is not known.
    aheadMs: () => (device.ahead === undefined || isWrong() || step() > STEP_MS ? null : Math.round(ahead())),
    iso: (moment) => new Date(Math.max(moment, EARLIEST)).toISOString(),
    // When an event was, by the server's clock.
    of: (event) => event.at - (event.ahead_ms ?? ahead()),
    // Remembers what time it is.
    tick: () => {
      device.latest = notBefore();
    },
  };
})();

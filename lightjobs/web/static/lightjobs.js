/* What the page does besides: refreshing, local times, keys, copying. Everything else works without
   it. Nothing of a job is ever made into HTML here. */
(() => {
  "use strict";

  const live = () => document.getElementById("live");
  document.documentElement.classList.add("script");

  // Refreshing. Not while nobody looks, text is selected, jobs are chosen, or a form is being used.

  let tag = null;

  const isBusy = () => {
    const part = live();
    const active = document.activeElement;
    const selection = getSelection();
    return (
      document.hidden ||
      document.querySelector("dialog[open]") !== null ||
      part.querySelector("input:checked") !== null || // jobs are being chosen
      (selection !== null && !selection.isCollapsed && part.contains(selection.anchorNode)) ||
      (active !== null && part.contains(active) && active.matches("input:not([type=checkbox]), select, textarea"))
    );
  };

  const look = () => live().dispatchEvent(new Event("lightjobs:poll"));

  const poll = () => {
    const part = live();
    if (part && part.dataset.poll !== "off" && !isBusy()) look();
  };

  // Ask for the numbers that the store had not told when the page was shown, once htmx listens.
  const complete = () => {
    const part = live();
    if (part?.dataset.missing === undefined) return;
    if (part.dataset.htmxPowered) isBusy() || look();
    else document.addEventListener("htmx:after:init", complete, { once: true });
  };

  const note = (text) => {
    const place = document.getElementById("polled");
    if (place) place.textContent = text;
  };

  // The browser keeps none of these pages, so the tag of the part that is shown is kept here.
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    if (ctx.target === live() && tag) ctx.request.headers["If-None-Match"] = tag;
  });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    if (ctx.target !== live()) return;
    const { status, headers } = ctx.response;
    if (status === 200) tag = headers.get("ETag");
    note(status < 400 ? "" : "The page cannot be refreshed (" + status + "); this is how it was.");
  });
  // An error is told in one line: what is shown stays.
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.target === live() && ctx.response.status >= 400) event.preventDefault();
  });
  document.addEventListener("htmx:error", () => note("The page cannot be refreshed; this is how it was."));

  const start = () => {
    const seconds = Number(live()?.dataset.poll);
    if (seconds) setInterval(poll, seconds * 1000);
    document.addEventListener("visibilitychange", poll);
  };

  // Times: the title also says the local time, and ages grow.

  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

  const length = (seconds) => {
    const at = UNITS.findIndex(([unit]) => seconds >= unit);
    const [unit, name] = UNITS[at];
    const next = UNITS[at + 1];
    const rest = next && unit >= 3600 ? Math.floor((seconds % unit) / next[0]) : 0;
    return Math.floor(seconds / unit) + " " + name + (rest ? " " + rest + " " + next[1] : "");
  };

  const age = (moment) => {
    const seconds = Math.trunc((Date.now() - moment) / 1000);
    if (seconds === 0) return "now";
    return seconds > 0 ? length(seconds) + " ago" : "in " + length(-seconds);
  };

  const tick = () => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const moment = Date.parse(time.dateTime);
      if (Number.isNaN(moment)) continue;
      const text = age(moment);
      if (time.textContent !== text) time.textContent = text;
      const title = time.dateTime.replace("T", " ").replace("Z", " UTC") + "\n" + new Date(moment).toLocaleString(undefined, { timeZoneName: "short" });
      if (time.title !== title) time.title = title;
    }
  };

  // Copying. Over plain http browsers refuse the clipboard: then the text is selected.

  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = "Selected: press Ctrl-C";
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy], button[data-dialog]");
    if (button?.dataset.copy) copy(button);
    else if (button) document.getElementById(button.dataset.dialog).showModal();
  });

  // Keys: / searches, g and a letter goes to a page, ? shows them.

  let afterG = 0;

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
    if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
    const isSecond = Date.now() - afterG < 1500;
    afterG = 0;
    if (isSecond) {
      const link = document.querySelector('nav a[data-key="' + CSS.escape(event.key) + '"]');
      if (link) location.assign(link.href);
    } else if (event.key === "g") {
      afterG = Date.now();
    } else if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search) {
        event.preventDefault();
        search.focus();
      }
    } else if (event.key === "?") {
      document.getElementById("keys")?.showModal();
    }
  });

  const ready = () => {
    start();
    complete();
    tick();
    setInterval(tick, 1000);
    document.addEventListener("htmx:after:swap", tick);
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();

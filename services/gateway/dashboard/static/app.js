// What the pages do by themselves: stay fresh, say when they are not, tell times, change the theme.
"use strict";

const SLOWEST_SECONDS = 30, BESIDE_SECONDS = 10;
const banner = document.getElementById("banner");
let failures = 0, freshAt = new Date(), ended = false, isStreaming = false;

function say(text, link) {
  banner.replaceChildren(text);
  if (link) {
    const a = document.createElement("a");
    a.href = link.to;
    a.textContent = link.text;
    banner.append(" ", a);
  }
  banner.hidden = false;
}

function isFresh() {
  failures = 0;
  freshAt = new Date();
  if (!ended) banner.hidden = true;
}

function wentWrong(status) {
  failures += 1;
  const since = `What you see is of ${freshAt.toLocaleTimeString()}.`;
  if (status === 401) {
    ended = true;
    const here = location.pathname + location.search;
    say(`Your session has ended. ${since}`, { to: `/dashboard/login?next=${encodeURIComponent(here)}`, text: "Log in again" });
  } else if (status === 429) {
    say(`Too many requests. ${since} Trying again.`);
  } else if (status >= 500) {
    say(`A server does not answer. ${since} Trying again.`);
  } else if (status >= 400) {
    ended = true;
    say(`This page cannot be shown anew. ${since}`, { to: location.href, text: "Load it again" });
  } else {
    say(`The connection is lost. ${since} Trying again.`);
  }
}

// A live part is asked for anew every so many seconds, or whenever its stream says so; less often
// while that fails, and not while nobody looks.
function keepFresh() {
  const live = document.getElementById("live");
  const every = Number(live && live.dataset.every);
  const seconds = Math.min((every || 2) * 2 ** Math.min(failures, 5), SLOWEST_SECONDS);
  const isAsked = every || failures || (document.getElementById("changes") && !isStreaming);
  if (live && isAsked && !ended && !document.hidden && live.hasAttribute("hx-get")) htmx.trigger(live, "refresh");
  setTimeout(keepFresh, seconds * 1000 * (0.9 + Math.random() / 5));
}

// A part beside it that costs more, and tells by itself of when it is.
function keepFreshBeside() {
  if (!ended && !document.hidden) for (const one of document.querySelectorAll("#live:not([data-ended]) [data-beside]")) htmx.trigger(one, "refresh");
  setTimeout(keepFreshBeside, BESIDE_SECONDS * 1000);
}

// Whoever looks at a moment of the past is not shown the present because something has changed.
document.addEventListener("htmx:before:request", (event) => {
  const from = event.detail.ctx.sourceElement;
  if (from.id === "live" && from.dataset.at) event.preventDefault();
});
document.addEventListener("htmx:after:request", (event) => {
  const { response: { status }, sourceElement: from } = event.detail.ctx;
  if (from.hasAttribute("data-beside") && status !== 401) return;
  if (status < 400) isFresh();
  else wentWrong(status);
});
document.addEventListener("htmx:error", () => wentWrong(0));
document.addEventListener("htmx:sse:after:connection", () => { isStreaming = true; });
document.addEventListener("htmx:sse:close", () => { isStreaming = false; });
document.addEventListener("htmx:sse:error", (event) => {
  isStreaming = false; // so the page asks by itself, and says it if that fails too
  if (event.detail.status === 401) wentWrong(401);
});
document.addEventListener("visibilitychange", () => {
  const live = document.getElementById("live");
  if (!document.hidden && live && live.dataset.every && !ended) htmx.trigger(live, "refresh");
});

// Relative times, by the rule of words.py; those of a moment in the past stand still.
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
function relative(time) {
  const seconds = Math.round((Date.now() - time) / 1000);
  if (seconds === 0) return "now";
  const [size, unit] = UNITS.find(([one]) => Math.abs(seconds) >= one);
  const told = `${Math.floor(Math.abs(seconds) / size)} ${unit}`;
  return seconds > 0 ? `${told} ago` : `in ${told}`;
}
function tellTimes() {
  if (document.hidden || document.querySelector("[data-at]")) return;
  for (const one of document.querySelectorAll("time[data-relative]")) {
    const told = relative(Date.parse(one.dateTime));
    if (one.textContent !== told) one.textContent = told;
  }
}

function isDark() {
  const told = document.documentElement.dataset.theme;
  return told ? told === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
function labelTheme(button) {
  button.textContent = isDark() ? "Day" : "Night";
  button.setAttribute("aria-label", isDark() ? "Day: light colours" : "Night: dark colours");
}
function offerThemes() {
  const button = document.getElementById("theme");
  button.hidden = false;
  labelTheme(button);
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    document.cookie = `onboarding_theme=${theme}; path=/dashboard; max-age=31536000; SameSite=Strict`;
    labelTheme(button);
    document.dispatchEvent(new Event("themechange"));
  });
}

document.addEventListener("keydown", (event) => {
  const find = document.getElementById("find");
  if (find && (event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    find.focus();
    find.select();
  }
});

// Of a page that could not be shown: once it can be, it is.
async function tryAgain(seconds) {
  try {
    const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
    if (answer.status < 429) {
      location.reload();
      return;
    }
  } catch {
    // the connection: again, then
  }
  setTimeout(() => tryAgain(Math.min(seconds * 2, SLOWEST_SECONDS)), seconds * 1000);
}

const problem = document.getElementById("problem");
if (problem && problem.dataset.again) setTimeout(() => tryAgain(5), Number(problem.dataset.again) * 1000);
offerThemes();
setInterval(tellTimes, 1000);
setTimeout(keepFresh, 1000);
setTimeout(keepFreshBeside, BESIDE_SECONDS * 1000);

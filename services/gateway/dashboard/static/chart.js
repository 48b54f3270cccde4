// The chart of how far services are behind: a line each, from when the page was opened.
"use strict";

const EVERY_MS = 5000, MOST_POINTS = 720, LEAST_SECONDS = 60;
const place = document.getElementById("lag");
const names = [], times = [], lines = [];
let chart = null;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function draw() {
  if (chart) chart.destroy();
  const axis = { stroke: colour("--text"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
  chart = new uPlot({
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    fmtDate: () => (date) => date.toTimeString().slice(0, 8),
    width: place.clientWidth,
    height: 220,
    scales: { y: { range: (_, least, most) => [0, Math.max(10, most * 1.1)] } },
    axes: [axis, { ...axis, size: 60 }],
    series: [{ label: "UTC" }, ...names.map((name, n) => ({ label: name, stroke: colour(`--line-${n % 6}`), width: 2 }))],
  }, [times, ...lines], place);
}

function add({ at, lags }) {
  if (!times.length) times.push(at - LEAST_SECONDS); // of one point alone it would draw years
  for (const name of Object.keys(lags)) {
    if (!names.includes(name)) {
      names.push(name);
      lines.push(times.map(() => null));
      if (chart) chart.destroy();
      chart = null;
    }
  }
  times.push(at);
  names.forEach((name, n) => lines[n].push(lags[name] ?? null));
  if (times.length > MOST_POINTS) for (const one of [times, ...lines]) one.shift();
  if (chart) chart.setData([times, ...lines]);
  else draw();
}

async function ask() {
  try {
    if (!document.hidden) {
      const answer = await fetch(place.dataset.from, { headers: { "HX-Request": "true" } });
      if (answer.ok) add(await answer.json());
    }
  } catch {
    // the banner says that the connection is lost
  }
  setTimeout(ask, EVERY_MS);
}

addEventListener("resize", () => chart && chart.setSize({ width: place.clientWidth, height: 220 }));
document.addEventListener("themechange", draw);
ask();

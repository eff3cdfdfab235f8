// The script of the operators' pages. Each page works without it: it shows times in the reader's zone, draws
// charts, and replaces the parts of a page that the stream has news of.

const ZONE_KEY = "commonwork-zone";
const zoneOfReader = Intl.DateTimeFormat().resolvedOptions().timeZone;
const REGION_QUIET_MS = 400;

const stored = () => {
  try {
    return localStorage.getItem(ZONE_KEY);
  } catch {
    return null;
  }
};
let isUtc = stored() === "UTC";

const two = (n) => String(n).padStart(2, "0");

/** `2026-03-08 02:00:00` in the reader's zone. */
function localText(at) {
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

const utcText = (at) => `${at.toISOString().slice(0, 19).replace("T", " ")}Z`;

/** An instant in the chosen zone, and in the other one. */
const textsOf = (at) =>
  isUtc ? [utcText(at), `${localText(at)} ${zoneOfReader}`] : [localText(at), utcText(at)];

/** Shows every time below an element in the chosen zone; the other one is its title. */
function showTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    [element.textContent, element.title] = textsOf(at);
  }
}

/** The first midnight after an instant in the chosen zone. */
function midnightAfter(instant) {
  const at = new Date(instant);
  if (isUtc) at.setUTCHours(24, 0, 0, 0);
  else at.setHours(24, 0, 0, 0);
  return at;
}

/** `Sun, 08 Mar` in the chosen zone. */
const dayText = (at) =>
  new Date(at - (isUtc ? 0 : at.getTimezoneOffset() * 60_000)).toUTCString().slice(0, 11);

/** Draws the days of the coming week in the chosen zone, and names the time of each of its marks. */
function showWeek() {
  const week = document.querySelector("svg.week");
  if (!week) return;
  const [from, until] = [new Date(week.dataset.from), new Date(week.dataset.until)];
  const [left, right, namesUntil] = ["left", "right", "namesUntil"].map((name) => Number(week.dataset[name]));
  const days = week.querySelector(".days");
  const dayAt = (at) => {
    const day = days.firstElementChild.cloneNode(true);
    const x = left + ((at - from) / (until - from)) * (right - left);
    day.setAttribute("transform", `translate(${x.toFixed(1)})`);
    day.querySelector("text").textContent = x < namesUntil ? dayText(at) : "";
    return day;
  };
  const drawn = [];
  for (let at = midnightAfter(from); at < until; at = midnightAfter(at)) drawn.push(dayAt(at));
  days.replaceChildren(...drawn);
  for (const mark of week.querySelectorAll("[data-at]")) {
    const [text, other] = textsOf(new Date(mark.dataset.at));
    const name = mark.parentElement.querySelector(".name").textContent;
    mark.querySelector("title").textContent = `${name}, ${text} (${other})`;
  }
}

const hasZone = /(Z|UTC|[+-]\d\d:?\d\d)$/;

/** Shows the instants of filters in the chosen zone. A field that was typed without a zone is in UTC. */
function showInstants() {
  for (const shown of document.querySelectorAll("input[data-shows]")) {
    const { value } = shown.nextElementSibling;
    const at = new Date(hasZone.test(value) ? value : `${value}Z`);
    const text = Number.isNaN(at.getTime()) ? "" : (isUtc ? utcText : localText)(at);
    shown.value = text.slice(0, 16).replace(" ", "T");
  }
}

/** Lets people enter the instants of filters in the chosen zone: the field that is sent holds the instant. */
function offerInstants() {
  for (const field of document.querySelectorAll("input[data-instant]")) {
    const shown = document.createElement("input");
    shown.type = "datetime-local";
    shown.dataset.shows = field.name;
    if (field.ariaInvalid) shown.setAttribute("aria-invalid", "true");
    shown.addEventListener("change", () => {
      const at = new Date(isUtc ? `${shown.value}Z` : shown.value);
      field.value = Number.isNaN(at.getTime()) ? "" : at.toISOString();
    });
    field.type = "hidden";
    field.before(shown);
  }
  showInstants();
}

/** The footer names the zone, and has a button for the other one. */
function showZone() {
  const place = document.querySelector("[data-zone]");
  if (!place) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = isUtc ? `Show ${zoneOfReader}` : "Show UTC";
  button.addEventListener("click", () => {
    isUtc = !isUtc;
    try {
      localStorage.setItem(ZONE_KEY, isUtc ? "UTC" : "local");
    } catch {
      // Without storage the choice lasts for this page.
    }
    showZone();
    showTimes(document);
    showInstants();
    showWeek();
    drawCharts(document);
    document.querySelector("[data-zone] button")?.focus();
  });
  place.replaceChildren(`Times are in ${isUtc ? "UTC" : zoneOfReader}. `, button);
}

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

/** Nine hues that can be told apart on both backgrounds, also with common kinds of colour blindness. */
const HUES_LIGHT = [
  "#1d6a56",
  "#2356a5",
  "#b3590a",
  "#8a3ffc",
  "#a3302a",
  "#5b6b00",
  "#c2348b",
  "#007d8a",
  "#6b5b4d",
];
const HUES_DARK = [
  "#6cc7ae",
  "#8fb6f6",
  "#f0a35e",
  "#be95ff",
  "#f1948c",
  "#c3cf5a",
  "#f58bc6",
  "#5ad1de",
  "#c9b8a6",
];

const charts = new Map();
const CHART_HEIGHT = 190;

/**
 * Draws the charts below an element. `data-chart` is JSON: the unit of the values, x as seconds since 1970 or
 * as any number, and the series with their names, values and tones.
 */
function drawCharts(root) {
  if (typeof uPlot === "undefined") return;
  for (const [element, chart] of charts) {
    if (element.isConnected && !root.contains(element)) continue;
    chart.destroy();
    charts.delete(element);
  }
  for (const element of root.querySelectorAll("[data-chart]")) {
    const plot = element.querySelector(".plot");
    plot.replaceChildren();
    charts.set(element, drawChart(plot, JSON.parse(element.dataset.chart)));
  }
}

/** The time of day at a mark of an axis, or the day at midnight. */
function clockText(seconds) {
  const text = (isUtc ? utcText : localText)(new Date(seconds * 1_000));
  const time = text.slice(11, 16);
  return time === "00:00" ? text.slice(5, 10) : time;
}

function drawChart(place, { unit, kind, x, series }) {
  const hues = isDark() ? HUES_DARK : HUES_LIGHT;
  const axis = {
    stroke: css("--dim"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: css("--line"), width: 1 },
    ticks: { stroke: css("--line"), width: 1, size: 4 },
  };
  const hueOf = ({ tone, hue }) => (tone ? css(`--${tone}`) : hues[(hue ?? 0) % hues.length]);
  const [first, last] = [x[0], x.at(-1)];
  const withUnit = (value) => (value === null || value === undefined ? "–" : `${value}${unit}`);
  const options = {
    width: Math.max(200, place.clientWidth),
    height: CHART_HEIGHT,
    tzDate: (seconds) => (isUtc ? uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC") : new Date(seconds * 1e3)),
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      // One point has no range of its own: uPlot would draw three years after it.
      x: { range: () => (first === last ? [first - 1_800, last + 1_800] : [first, last]) },
      y: { range: (_chart, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      { ...axis, size: 26, space: 60, values: (_chart, splits) => splits.map(clockText) },
      { ...axis, size: 50, values: (_chart, splits) => splits.map(withUnit) },
    ],
    series: [
      { value: "{YYYY}-{MM}-{DD} {HH}:{mm}" },
      ...series.map((one) => ({
        label: one.label,
        stroke: hueOf(one),
        width: kind === "points" ? 0 : 1.5,
        paths: kind === "points" ? () => null : undefined,
        points: { show: kind === "points", size: 5, fill: hueOf(one) },
        value: (_chart, value) => withUnit(value),
      })),
    ],
  };
  return new uPlot(options, [x, ...series.map(({ values }) => values)], place);
}

/** Whether somebody has changed a field and not sent it, or has unfolded something. */
const isEdited = (element) =>
  element.querySelector("details[open]") !== null ||
  [...element.querySelectorAll("input:not([type=hidden]), select, textarea")].some((field) =>
    field.options === undefined
      ? field.value !== field.defaultValue || field.checked !== field.defaultChecked
      : field.selectedOptions[0] !==
        ([...field.options].find((one) => one.defaultSelected) ?? field.options[0]),
  );

const scrollsSideways = (element) => element?.matches(".wide") === true;

const isPlaying = (element) => [...element.querySelectorAll("audio, video")].some((media) => !media.paused);

/** A part is not replaced while somebody is in it: the focus would be lost, or what they had selected or play. */
const isInUse = (element) =>
  (element.contains(document.activeElement) && !scrollsSideways(document.activeElement)) ||
  (getSelection()?.isCollapsed === false && element.contains(getSelection().anchorNode)) ||
  isPlaying(element) ||
  isEdited(element);

/** Where the tables of a part are scrolled to, and which of them has the focus, by their names. */
const positionsIn = (element) =>
  [...element.querySelectorAll(".wide")].map((wide) => ({
    name: wide.getAttribute("aria-label"),
    left: wide.scrollLeft,
    isFocused: wide === document.activeElement,
  }));

function restorePositions(element, positions) {
  const tables = [...element.querySelectorAll(".wide")];
  for (const { name, left, isFocused } of positions) {
    const wide = tables.find((one) => one.getAttribute("aria-label") === name);
    if (wide === undefined) continue;
    wide.scrollLeft = left;
    if (isFocused) wide.focus({ preventScroll: true });
  }
}

/** What each part showed last, as it was sent. */
const shown = new Map();

function replaceRegion({ name, html }) {
  if (shown.get(name) === html) return;
  for (const element of document.querySelectorAll("[data-region]")) {
    if (element.dataset.region !== name || isInUse(element)) continue;
    const positions = positionsIn(element);
    const parsed = new DOMParser().parseFromString(html, "text/html");
    element.replaceChildren(...parsed.body.childNodes);
    shown.set(name, html);
    showTimes(element);
    drawCharts(element);
    restorePositions(element, positions);
  }
}

/** A page is fetched anew at most every five seconds, and at least every five minutes if it has changed. */
const FETCH_MS = { least: 5_000, most: 300_000 };
/** It waits for this many times as long as its last answer took: so it costs less than 0.1 % of a processor. */
const WAIT_FACTOR = 1_200;

let fetchAfter = 0;
let isWaiting = false;

/** Fetches the page soon, and replaces what has changed. */
function refreshSoon() {
  if (isWaiting) return;
  isWaiting = true;
  const fetchNow = () =>
    refresh()
      .catch(() => undefined)
      .finally(() => {
        isWaiting = false;
      });
  setTimeout(fetchNow, Math.max(0, fetchAfter - Date.now()));
}

async function refresh() {
  if (document.hidden) return;
  fetchAfter = Date.now() + FETCH_MS.least;
  const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
  const took = Number(/dur=([\d.]+)/.exec(answer.headers.get("Server-Timing") ?? "")?.[1] ?? 0);
  fetchAfter = Date.now() + Math.min(FETCH_MS.most, Math.max(FETCH_MS.least, took * WAIT_FACTOR));
  // A redirect leads to the login: the session is over. A page of what is gone says so.
  if (answer.redirected || !(answer.ok || answer.status === 404)) return;
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parsed.querySelectorAll("[data-region]"))
    if (part.dataset.region !== "outage") replaceRegion({ name: part.dataset.region, html: part.innerHTML });
}

/** Follows the stream while the page is visible: a hidden page costs the service nothing. */
function follow(address) {
  const isFetched = address.includes("of=");
  let source = null;
  let wasOpen = false;
  const open = () => {
    source?.close();
    source = null;
    if (document.hidden) return;
    source = new EventSource(address);
    source.addEventListener("open", () => {
      // What has changed while nobody followed is not told.
      if (wasOpen && isFetched) refreshSoon();
      wasOpen = true;
    });
    source.addEventListener("region", (event) => replaceRegion(JSON.parse(event.data)));
    source.addEventListener("changed", refreshSoon);
    source.addEventListener("end", () => source?.close());
  };
  document.addEventListener("visibilitychange", open);
  open();
}

let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => {
    for (const [element, chart] of charts)
      chart.setSize({
        width: Math.max(200, element.querySelector(".plot").clientWidth),
        height: CHART_HEIGHT,
      });
  }, REGION_QUIET_MS);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawCharts(document));

/**
 * What an action has done: screen readers read a status once it changes, so its text is put there again. The
 * address becomes that of the page, which does not say it a second time when it is loaded again.
 */
function announceDone() {
  for (const status of document.querySelectorAll("main > [role=status]"))
    status.replaceChildren(...status.childNodes);
  const address = new URL(location.href);
  if (!address.searchParams.has("done")) return;
  for (const name of ["done", "about"]) address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
}

for (const part of document.querySelectorAll("[data-region]")) shown.set(part.dataset.region, part.innerHTML);
announceDone();
showTimes(document);
offerInstants();
showZone();
showWeek();
drawCharts(document);
const stream = document.querySelector("[data-stream]")?.dataset.stream;
if (stream) follow(stream);

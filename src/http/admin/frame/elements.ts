import { formatInstant } from "../../../format-instant.ts";
import { type Html, html } from "../../../html.ts";
import { printable } from "../../../printable.ts";
import { traceIdOf } from "../../../tracing/trace-context.ts";

/** The content of a cell or a fact. Foreign text is made printable and isolated in its own direction. */
export type Content = Html | string | number | null | undefined;

const HAS_ONE_DIRECTION = /^[\x20-\x7e]*$/;

/** Text from a user, a host or a job, for one line: without control characters, in a direction of its own. */
export const textHtml = (text: string): Html =>
  HAS_ONE_DIRECTION.test(text) ? html`${text}` : html`<bdi>${printable(text)}</bdi>`;

/** Keys, names of jobs, JSON: the same in a fixed-width font. */
export const codeHtml = (text: string): Html => html`<code>${textHtml(text)}</code>`;

export function contentHtml(content: Content): Html {
  if (content === null || content === undefined || content === "") return html`<span class="dim">–</span>`;
  if (typeof content === "string") return textHtml(content);
  return typeof content === "number" ? html`${formatCount(content)}` : content;
}

/** An instant, in UTC; the script shows it in the reader's zone, with UTC as its title. */
export function timeHtml(at: Date | string | null): Html {
  if (at === null) return contentHtml(null);
  const shown = formatInstant(at) ?? "";
  return html`<time datetime="${new Date(at).toISOString()}">${shown}</time>`;
}

const INSTANT = /(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ)/;

/** A sentence that may hold instants, as `formatInstant` writes them: each is shown as any other time. */
export const sentenceHtml = (text: string): Html =>
  html`${text.split(INSTANT).map((part) => (isInstant(part) ? timeHtml(part) : textHtml(part)))}`;

/** Foreign text may look like an instant with a month that does not exist. */
const isInstant = (part: string): boolean => INSTANT.test(part) && !Number.isNaN(Date.parse(part));

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** A length of time with its two largest units: `2 d 4 h`, `5 min 3 s`, `0.4 s`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  const index = UNITS.findIndex(([, size]) => whole >= size);
  const [unit, size] = UNITS[index] ?? ["s", 1];
  const [nextUnit, nextSize] = UNITS[index + 1] ?? ["s", 1];
  const rest = Math.floor((whole % size) / nextSize);
  return `${Math.floor(whole / size)} ${unit}${rest > 0 && size > 1 ? ` ${rest} ${nextUnit}` : ""}`;
}

/** The same in milliseconds, below a second as such: `22 ms`. */
export const formatMs = (ms: number): string =>
  ms < 1_000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : formatSeconds(ms / 1_000);

/** How long ago an instant was, or how long until it. */
export function formatAge(at: Date | string, now: Date): string {
  const seconds = (now.getTime() - new Date(at).getTime()) / 1_000;
  return seconds < 0 ? `in ${formatSeconds(-seconds)}` : `${formatSeconds(seconds)} ago`;
}

/** A time with its age below it. */
export const timeWithAge = (at: Date | string | null, now: Date): Html =>
  at === null ? contentHtml(null) : html`${timeHtml(at)}<small class="dim">${formatAge(at, now)}</small>`;

export const formatCount = (n: number): string => n.toLocaleString("en-US");

export type Tone = "good" | "busy" | "warn" | "bad" | "idle";

/** A state as a word. The colour only repeats it. */
export const badge = (text: string, tone: Tone): Html => html`<span class="badge ${tone}">${text}</span>`;

export type Tile = {
  readonly label: string;
  readonly value: string;
  readonly note?: Content;
  readonly tone?: Tone;
  readonly href?: string;
};

/** Figures in a row. */
export function tiles(all: readonly Tile[]): Html {
  const one = ({ label, value, note, tone, href }: Tile) => {
    const text = html`<span class="label">${label}</span><strong class="${tone ?? "plain"}">${value}</strong>${
      note === undefined ? null : html`<small class="dim">${note === null ? null : contentHtml(note)}</small>`
    }`;
    return html`<li>${href === undefined ? html`<div class="tile">${text}</div>` : html`<a class="tile" href="${href}">${text}</a>`}</li>`;
  };
  return html`<ul class="tiles">${all.map(one)}</ul>`;
}

/** Names with their values, as a description list. */
export const facts = (all: readonly (readonly [name: string, value: Content])[]): Html =>
  html`<dl class="facts">${all.map(([name, value]) => html`<div><dt>${name}</dt><dd>${contentHtml(value)}</dd></div>`)}</dl>`;

/** What a page shows in place of an empty list: that it is empty, and what would fill it. */
export const emptyState = (text: string): Html => html`<p class="empty">${text}</p>`;

/** The result of an action, or a warning, read out by screen readers. */
export const notice = (text: string, tone: Tone = "good"): Html =>
  html`<p class="notice ${tone}" role="${tone === "bad" ? "alert" : "status"}">${text}</p>`;

/** The id under which a trace is found; nothing where tracing was off. */
export function traceHtml(context: string | null): Html | null {
  const id = traceIdOf(context);
  return id === null ? null : codeHtml(id);
}

/** A part of a page under a heading of its own. */
export const section = (title: string, body: Html, aside: Html | null = null): Html =>
  html`<section><div class="heading"><h2>${title}</h2>${aside}</div>${body}</section>`;

/** Progress of `total` parts, with its figures. */
export function progressHtml(done: number, total: number, label: string): Html {
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  return html`<span class="progress"><progress max="${Math.max(total, 1)}" value="${total === 0 ? 1 : done}" aria-label="${label}"></progress><span>${percent}% <small class="dim">${formatCount(done)}/${formatCount(total)}</small></span></span>`;
}

/** The part of each live page that shows that Postgres does not answer. */
export const OUTAGE = "outage";

/**
 * A part of a page that is replaced under this name when it has changed. The page must be shown with `live`.
 */
export const regionHtml = (name: string, body: Html): Html => html`<div data-region="${name}">${body}</div>`;

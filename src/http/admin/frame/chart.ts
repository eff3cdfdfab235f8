import { type Html, html } from "../../../html.ts";
import type { Tone } from "./elements.ts";

export type Chart = {
  readonly title: string;
  /** Describes the chart in words, for screen readers and without script. */
  readonly summary: string;
  /** The unit after each value: ` s`, `/min`. */
  readonly unit: string;
  readonly kind?: "lines" | "points";
  /** Seconds since 1970, ascending. */
  readonly x: readonly number[];
  readonly series: readonly {
    readonly label: string;
    readonly values: readonly (number | null)[];
    readonly tone?: Tone;
    /** Which of the nine colours a series without a tone has, so that it is the same in all charts. */
    readonly hue?: number;
  }[];
};

/** A chart over time, drawn by the script. */
export function chartHtml({ title, summary, ...drawn }: Chart): Html {
  if (drawn.series.length === 0)
    return html`<figure class="chart"><figcaption>${title}</figcaption><p class="dim">${summary}</p></figure>`;
  return html`<figure class="chart" data-chart="${JSON.stringify(drawn)}"><figcaption>${title}</figcaption><div class="plot" role="img" aria-label="${title}. ${summary}"><p class="dim">${summary}</p></div></figure>`;
}

const WIDTH = 120;
const HEIGHT = 24;

/** A sparkline: a line without axes, for a cell of a table. */
export function sparkline(values: readonly number[], label: string): Html {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length - 1);
  const points = values.map(
    (value, index) =>
      `${(index * step).toFixed(1)} ${(HEIGHT - 1 - (value / most) * (HEIGHT - 3)).toFixed(1)}`,
  );
  const line = `M${points.join("L")}`;
  return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}"><path class="area" d="${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z"/><path d="${line}"/></svg>`;
}

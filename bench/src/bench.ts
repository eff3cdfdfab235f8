import { cpus, totalmem } from "node:os";

/** One figure of one run. The first figure of a run is its headline. */
export type Figure = { readonly figure: string; readonly unit: string; readonly value: number };

/** One way of doing the work. Each call measures one run on fresh data. */
export type Contestant = () => Promise<readonly Figure[]>;

export type Bench = {
  readonly name: string;
  /** Settings of Postgres that differ from its defaults, as `name=value`; printed with the figures. */
  readonly postgres?: readonly string[];
  /** False for a benchmark that needs neither Postgres nor Redis. Default: true. */
  readonly servers?: boolean;
  /** What is measured, with the size of the data. */
  readonly describe: (context: BenchContext) => string;
  readonly run: (context: BenchContext) => Promise<void>;
};

export type BenchContext = {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Size of the data; 1 is the size that the targets are stated for. */
  readonly scale: number;
  /** Null: the default of the benchmark. */
  readonly runs: number | null;
  /** Folder of tables that some benchmarks measure by; null where none was named. */
  readonly data: string | null;
  /** Seeded, so that every run gets the same numbers. */
  readonly random: () => number;
  readonly report: Reporter;
  /** Progress, for people. */
  readonly say: (line: string) => void;
  /**
   * Called between loading and measuring. With `--pause` it waits for a line of input, since loading needs no
   * quiet machine.
   */
  readonly loaded: () => Promise<void>;
};

export type Row = {
  readonly bench: string;
  /** `this` and `other` are two checkouts (`--against`). */
  readonly case: "ours" | "baseline" | "ratio" | "this" | "other";
  readonly figure: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
};

export type Reporter = (row: Omit<Row, "bench">) => void;

const LONG_RUN_MS = 30_000;
const RUNS = 5;
const RUNS_WHEN_LONG = 3;

/**
 * Runs baseline and ours alternately, so that both meet the same noise: five times, or three where a run
 * takes over 30 s. Reports the median of every figure, and for figures that both have the ratio ours /
 * baseline, pair by pair.
 */
export async function compare(
  context: BenchContext,
  contestants: { baseline: Contestant; ours: Contestant },
): Promise<void> {
  const measured = { baseline: [] as (readonly Figure[])[], ours: [] as (readonly Figure[])[] };
  let wanted = context.runs ?? RUNS;
  for (let run = 1; run <= wanted; run++) {
    for (const name of ["baseline", "ours"] as const) {
      const startedAt = performance.now();
      const figures = await contestants[name]();
      const tookMs = performance.now() - startedAt;
      measured[name].push(figures);
      if (tookMs > LONG_RUN_MS && context.runs === null) wanted = Math.min(wanted, RUNS_WHEN_LONG);
      context.say(
        `run ${run} ${name}: ${figures.map((f) => `${f.figure} ${round(f.value)} ${f.unit}`).join(", ")}`,
      );
    }
  }
  for (const name of ["ours", "baseline"] as const) reportFigures(context.report, name, measured[name]);
  reportRatios(context.report, measured);
}

/** Measures a contestant without a baseline. */
export async function measure(context: BenchContext, contestant: Contestant): Promise<void> {
  const measured: (readonly Figure[])[] = [];
  let wanted = context.runs ?? RUNS;
  for (let run = 1; run <= wanted; run++) {
    const startedAt = performance.now();
    const figures = await contestant();
    if (performance.now() - startedAt > LONG_RUN_MS && context.runs === null)
      wanted = Math.min(wanted, RUNS_WHEN_LONG);
    measured.push(figures);
    context.say(`run ${run}: ${figures.map((f) => `${f.figure} ${round(f.value)} ${f.unit}`).join(", ")}`);
  }
  reportFigures(context.report, "ours", measured);
}

function reportFigures(
  report: Reporter,
  name: "ours" | "baseline",
  runs: readonly (readonly Figure[])[],
): void {
  for (const { figure, unit } of runs[0] ?? []) {
    report({ case: name, figure, unit, ...summaryOf(valuesOf(runs, figure)) });
  }
}

function reportRatios(report: Reporter, measured: Record<"baseline" | "ours", (readonly Figure[])[]>): void {
  for (const { figure } of measured.ours[0] ?? []) {
    const ours = valuesOf(measured.ours, figure);
    const baseline = valuesOf(measured.baseline, figure);
    if (baseline.length === 0) continue;
    report({
      case: "ratio",
      figure,
      unit: "ours/baseline",
      ...summaryOf(ours.map((value, i) => value / (baseline[i] ?? Number.NaN))),
    });
  }
}

const valuesOf = (runs: readonly (readonly Figure[])[], figure: string): number[] =>
  runs.flatMap((run) => run.filter((f) => f.figure === figure).map((f) => f.value));

export function summaryOf(values: readonly number[]): Pick<Row, "median" | "min" | "max" | "runs"> {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: round(quantile(sorted, 0.5)),
    min: round(sorted[0] ?? Number.NaN),
    max: round(sorted.at(-1) ?? Number.NaN),
    runs: values.length,
  };
}

/** The quantile `q` of sorted values, linear between neighbours. */
export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

const round = (value: number): number => Number(value.toPrecision(4));

export const machine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;

/** Settings for millions of rows, as for any database of that size. None affects durability. */
export const LARGE_POSTGRES = ["shared_buffers=2GB", "max_wal_size=4GB", "wal_compression=on"] as const;

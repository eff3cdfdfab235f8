import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Row, summaryOf } from "./bench.ts";

/** A benchmark with the size of its data. */
export type Chosen = { readonly name: string; readonly scale: number };

/** Two checkouts of the repository, both with their modules installed. */
type Checkout = "this" | "other";

/** `matches`, or `matches@0.1` with a scale of its own. */
export function chosenFrom(text: string, scale: string): Chosen {
  const [name = "", own = scale] = text.split("@");
  return { name, scale: Number(own) };
}

export type AgainstOptions = {
  /** Root of the other checkout. */
  readonly against: string;
  readonly chosen: readonly Chosen[];
  readonly pairs: number;
  /** Runs within each process. */
  readonly runs: number;
  /** Progress, for people. */
  readonly say: (line: string) => void;
};

const THIS = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Runs each benchmark of this checkout and of the other one alternately, each in a process with servers of
 * its own, so that both meet the same noise. The order within a pair alternates as well.
 *
 * @returns for each benchmark the figures that both checkouts have: both sides, and their ratio pair by pair.
 * @throws Error when a process fails.
 */
export async function compareCheckouts(options: AgainstOptions): Promise<Row[]> {
  const { chosen, pairs, say } = options;
  const reported: Row[] = [];
  for (const bench of chosen) {
    const title = titleOf(bench);
    const measured: Record<Checkout, Row[][]> = { this: [], other: [] };
    for (let pair = 0; pair < pairs; pair++) {
      const order: Checkout[] = pair % 2 === 0 ? ["this", "other"] : ["other", "this"];
      for (const checkout of order) {
        const root = checkout === "this" ? THIS : options.against;
        say(`${title}: pair ${pair + 1} of ${pairs}, ${checkout} checkout (${root})`);
        measured[checkout].push(await runIn(root, bench, options.runs));
      }
    }
    reported.push(...compareRows(title, measured));
  }
  return reported;
}

/** As it is named in the table. */
const titleOf = ({ name, scale }: Chosen): string => (scale === 1 ? name : `${name} --scale ${scale}`);

async function runIn(root: string, { name, scale }: Chosen, runs: number): Promise<Row[]> {
  const args = [
    "run",
    "--silent",
    "bench",
    "--",
    name,
    "--json",
    "--scale",
    String(scale),
    "--runs",
    String(runs),
  ];
  const child = spawn("npm", args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`${name} in ${root} exited with code ${code}.`);
  return output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Row);
}

/** Figures that only one checkout has are left out. */
export function compareRows(bench: string, measured: Record<Checkout, readonly (readonly Row[])[]>): Row[] {
  const valuesOf = (checkout: Checkout, figure: string): number[] =>
    measured[checkout].flatMap((rows) =>
      rows.filter((row) => row.case === "ours" && row.figure === figure).map(({ median }) => median),
    );
  const figures = (measured.this[0] ?? []).filter((row) => row.case === "ours");
  return figures.flatMap(({ figure, unit }): Row[] => {
    const ours = valuesOf("this", figure);
    const others = valuesOf("other", figure);
    if (ours.length !== others.length) return [];
    const ratios = ours.map((value, pair) => value / (others[pair] ?? Number.NaN));
    return [
      { bench, case: "this", figure, unit, ...summaryOf(ours) },
      { bench, case: "other", figure, unit, ...summaryOf(others) },
      { bench, case: "ratio", figure, unit: "this/other", ...summaryOf(ratios) },
    ];
  });
}

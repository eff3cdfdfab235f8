import { once } from "node:events";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { startEmbeddedServers } from "../../src/dev/servers/embedded-servers.ts";
import { type Bench, machine, type Row, seededRandom } from "./bench.ts";
import { budgets } from "./budgets.ts";
import { commissions } from "./commissions.ts";
import { digest } from "./digest.ts";
import { fanOut } from "./fan-out.ts";
import { intake } from "./intake.ts";
import { isolation } from "./isolation.ts";
import { matches } from "./matches.ts";
import { multipliers } from "./multipliers.ts";
import { notices } from "./notices.ts";
import { nudges } from "./nudges.ts";

const BENCHES: readonly Bench[] = [
  commissions,
  intake,
  multipliers,
  budgets,
  fanOut,
  digest,
  nudges,
  matches,
  notices,
  isolation,
];
const SEED = 20_241_215;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

type Asked = {
  readonly names: readonly string[];
  readonly json: boolean;
  readonly pause: boolean;
  readonly scale: number;
  readonly runs: number | null;
};

const OPTIONS = {
  json: { type: "boolean", default: false },
  pause: { type: "boolean", default: false },
  scale: { type: "string", default: "1" },
  runs: { type: "string" },
} as const;

/** @throws TypeError naming an option that there is none of. */
function read(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  return {
    names: positionals,
    json: values.json,
    pause: values.pause,
    scale: Number(values.scale),
    runs: values.runs === undefined ? null : Number(values.runs),
  };
}

const isPositive = (value: number | null) => value === null || value > 0;

function refuse(fault: string): void {
  const names = BENCHES.map(({ name }) => name).join("|");
  say(`${fault}\nusage: npm run bench -- <${names}> [--json] [--scale 0.1] [--runs 5] [--pause]`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  let asked: Asked;
  try {
    asked = read(process.argv.slice(2));
  } catch (error) {
    return refuse((error as Error).message);
  }
  const chosen = BENCHES.filter((bench) => asked.names.includes(bench.name));
  if (asked.names.length === 0) return refuse("Name a benchmark.");
  if (chosen.length < asked.names.length)
    return refuse(`There is no such benchmark among: ${asked.names.join(", ")}.`);
  if (!isPositive(asked.scale) || !isPositive(asked.runs))
    return refuse("--scale and --runs are numbers above 0.");
  const postgresSettings = [...new Set(chosen.flatMap(({ postgres = [] }) => postgres))];
  const servers = await startEmbeddedServers({ name: "demo", durable: true, postgresSettings });
  try {
    for (const bench of chosen) await runOne(bench, asked, servers);
  } finally {
    await servers.stop();
  }
}

async function runOne(
  bench: Bench,
  asked: Asked,
  servers: { databaseUrl: string; redisUrl: string },
): Promise<void> {
  const rows: Row[] = [];
  const context = {
    ...servers,
    scale: asked.scale,
    runs: asked.runs,
    random: seededRandom(SEED),
    report: (row: Omit<Row, "bench">) => void rows.push({ bench: bench.name, ...row }),
    say,
    loaded: async () => {
      if (asked.pause) await pause();
    },
  };
  say(`${bench.name}: ${bench.describe(context)}`);
  const settings = ["fsync and synchronous_commit on", ...(bench.postgres ?? [])].join(", ");
  say(`machine: ${machine()}; Postgres with ${settings}; Redis with AOF everysec`);
  await bench.run(context);
  if (asked.json) for (const row of rows) print(JSON.stringify(row));
  else printTable(rows);
}

async function pause(): Promise<void> {
  say("loaded: press Enter to measure");
  const lines = createInterface({ input: process.stdin });
  await once(lines, "line");
  lines.close();
}

function printTable(rows: readonly Row[]): void {
  const cells = [
    ["bench", "case", "figure", "median", "min", "max", "unit", "runs"],
    ...rows.map((r) => [
      r.bench,
      r.case,
      r.figure,
      String(r.median),
      String(r.min),
      String(r.max),
      r.unit,
      String(r.runs),
    ]),
  ];
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of cells)
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}

await main();

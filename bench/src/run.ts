import { once } from "node:events";
import { createInterface } from "node:readline";
import { startEmbeddedServers } from "../../src/dev/embedded-servers.ts";
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

function read(args: readonly string[]): Asked {
  const given = (flag: string) =>
    args.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1) ?? following(args, flag);
  const runs = given("--runs");
  const values = new Set(["--scale", "--runs"].map((flag) => following(args, flag)).filter(Boolean));
  return {
    names: args.filter((arg) => !arg.startsWith("--") && !values.has(arg)),
    json: args.includes("--json"),
    pause: args.includes("--pause"),
    scale: Number(given("--scale") ?? 1),
    runs: runs === undefined ? null : Number(runs),
  };
}

function following(args: readonly string[], flag: string): string | undefined {
  const at = args.indexOf(flag);
  return at < 0 ? undefined : args[at + 1];
}

async function main(): Promise<void> {
  const asked = read(process.argv.slice(2));
  const chosen = BENCHES.filter((bench) => asked.names.includes(bench.name));
  if (chosen.length === 0 || chosen.length < asked.names.length) {
    say(
      `usage: npm run bench -- <${BENCHES.map((b) => b.name).join("|")}> [--json] [--scale 0.1] [--runs 5] [--pause]`,
    );
    process.exitCode = 1;
    return;
  }
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

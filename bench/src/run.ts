import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startEmbeddedServers } from "../../src/dev/servers/embedded-servers.ts";
import { seededRandom } from "../../src/random.ts";
import { type Chosen, chosenFrom, compareCheckouts } from "./against.ts";
import { announcement } from "./announcement.ts";
import { backlog } from "./backlog.ts";
import { type Bench, machine, type Row } from "./bench.ts";
import { budgets } from "./budgets.ts";
import { cli } from "./cli.ts";
import { commissions } from "./commissions.ts";
import { compatibility } from "./compatibility.ts";
import { dashboards } from "./dashboards.ts";
import { digest } from "./digest.ts";
import { dueBudgets } from "./due-budgets.ts";
import { duplicates } from "./duplicates.ts";
import { fanOut } from "./fan-out.ts";
import { feed } from "./feed.ts";
import { intake } from "./intake.ts";
import { isolation, pairIsolation } from "./isolation.ts";
import { longRun } from "./long-run.ts";
import { matchScores } from "./match-scores.ts";
import { matches } from "./matches.ts";
import { media } from "./media.ts";
import { mirror } from "./mirror.ts";
import { multipliers } from "./multipliers.ts";
import { notices } from "./notices.ts";
import { nudges } from "./nudges.ts";
import { recommendQuality } from "./recommend-quality.ts";
import { recommendations } from "./recommendations.ts";
import { search } from "./search.ts";
import { searchIsolation } from "./search-isolation.ts";
import { searchQuality } from "./search-quality.ts";
import { tableOf } from "./table.ts";
import { trending } from "./trending.ts";
import { vocabulary } from "./vocabulary.ts";

const BENCHES: readonly Bench[] = [
  commissions,
  intake,
  multipliers,
  budgets,
  dueBudgets,
  fanOut,
  announcement,
  digest,
  nudges,
  matches,
  matchScores,
  compatibility,
  notices,
  mirror,
  duplicates,
  isolation,
  pairIsolation,
  backlog,
  longRun,
  dashboards,
  recommendQuality,
  recommendations,
  search,
  searchIsolation,
  searchQuality,
  feed,
  trending,
  vocabulary,
  media,
  cli,
];
const SEED = 20_241_215;
/** Paths are relative to the root of the repository; npm runs this in bench/. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const say = (line: string): void => void process.stderr.write(`${line}\n`);

type Options = {
  readonly chosen: readonly Chosen[];
  readonly json: boolean;
  readonly pause: boolean;
  readonly runs: number | null;
  /** Root of another checkout to compare this one with. */
  readonly against: string | null;
  readonly pairs: number;
  /** Folder of tables that some benchmarks measure by. */
  readonly data: string | null;
};

const OPTIONS = {
  json: { type: "boolean", default: false },
  pause: { type: "boolean", default: false },
  scale: { type: "string", default: "1" },
  runs: { type: "string" },
  against: { type: "string" },
  pairs: { type: "string", default: "5" },
  data: { type: "string" },
} as const;

/** @throws TypeError naming an unknown option. */
function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  return {
    chosen: positionals.map((text) => chosenFrom(text, values.scale)),
    json: values.json,
    pause: values.pause,
    runs: values.runs === undefined ? null : Number(values.runs),
    against: values.against ?? null,
    pairs: Number(values.pairs),
    data: values.data === undefined ? null : resolve(ROOT, values.data),
  };
}

function faultOf({ chosen, runs, against, pairs, pause }: Options): string | null {
  const unknown = chosen.filter(({ name }) => benchOf(name) === undefined);
  if (chosen.length === 0) return "Name a benchmark.";
  if (unknown.length > 0) return `Unknown benchmark: ${unknown.map(({ name }) => name).join(", ")}.`;
  if (!chosen.every(({ scale }) => scale > 0) || !(runs === null || runs > 0) || !(pairs > 0))
    return "Scales, --runs and --pairs are numbers above 0.";
  if (against !== null && pause) return "--pause does not go with --against.";
  if (against !== null && !existsSync(join(resolve(ROOT, against), "bench", "package.json")))
    return `--against ${against}: no benchmarks there.`;
  return null;
}

function refuse(fault: string): void {
  const names = BENCHES.map(({ name }) => name).join("|");
  say(
    `${fault}\nusage: npm run bench -- <${names}>[@<scale>]... [--json] [--scale 0.1] [--runs 5] [--pause] [--data <folder>] [--against <checkout> [--pairs 5]]`,
  );
  process.exitCode = 1;
}

async function main(): Promise<void> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    return refuse((error as Error).message);
  }
  const fault = faultOf(options);
  if (fault !== null) return refuse(fault);
  if (options.against === null) return runHere(options);
  const { against, runs } = options;
  report(
    await compareCheckouts({ ...options, against: resolve(ROOT, against), runs: runs ?? 1, say }),
    options,
  );
}

async function runHere(options: Options): Promise<void> {
  const chosen = options.chosen.map(({ name, scale }) => ({ bench: benchOf(name) as Bench, scale }));
  const benches = chosen.map(({ bench }) => bench);
  const postgresSettings = [...new Set(benches.flatMap(({ postgres = [] }) => postgres))];
  if (benches.every(({ servers: needed = true }) => !needed)) {
    for (const each of chosen) await runOne(each, options, NO_SERVERS);
    return;
  }
  const servers = await startEmbeddedServers({ name: "demo", durable: true, postgresSettings });
  try {
    for (const each of chosen) await runOne(each, options, servers);
  } finally {
    await servers.stop();
  }
}

const benchOf = (name: string): Bench | undefined => BENCHES.find((bench) => bench.name === name);

const NO_SERVERS = { databaseUrl: "", redisUrl: "" };

function report(rows: readonly Row[], { json }: Options): void {
  process.stdout.write(json ? rows.map((row) => `${JSON.stringify(row)}\n`).join("") : tableOf(rows));
}

async function runOne(
  { bench, scale }: { readonly bench: Bench; readonly scale: number },
  options: Options,
  servers: { databaseUrl: string; redisUrl: string },
): Promise<void> {
  const rows: Row[] = [];
  const context = {
    ...servers,
    scale,
    runs: options.runs,
    data: options.data,
    random: seededRandom(SEED).next,
    report: (row: Omit<Row, "bench">) => void rows.push({ bench: bench.name, ...row }),
    say,
    loaded: async () => {
      if (options.pause) await pause();
    },
  };
  say(`${bench.name}: ${bench.describe(context)}`);
  const settings = ["fsync and synchronous_commit on", ...(bench.postgres ?? [])].join(", ");
  const withServers = bench.servers === false ? "" : `; Postgres with ${settings}; Redis with AOF everysec`;
  say(`machine: ${machine()}${withServers}`);
  await bench.run(context);
  report(rows, options);
}

async function pause(): Promise<void> {
  say("loaded: press Enter to measure");
  const lines = createInterface({ input: process.stdin });
  await once(lines, "line");
  lines.close();
}

await main();

import { prettyFactory } from "pino-pretty";
import type { Terminal } from "../../cli/terminal.ts";
import { formatNumber } from "../../format-counts.ts";
import { keepARunUnderWay } from "./demo-calendar-scene.ts";
import { leaveADeadLetter, openCases } from "./demo-failures.ts";
import { booksOf, resultsOf, topEarners, untilSettled } from "./demo-figures.ts";
import { runEveryJob } from "./demo-jobs.ts";
import { createDemoLog } from "./demo-log.ts";
import { mailText } from "./demo-mail.ts";
import { type Closers, type OpenDemo, openDemo, SEED, stepsOn } from "./demo-open.ts";
import { recommendationsText } from "./demo-postings.ts";
import { booksText, callsText, earnersText, logText, runsText } from "./demo-report.ts";
import { rewardsText } from "./demo-rewards.ts";
import { sendCalls, type WebhookAnswer } from "./demo-send.ts";
import { tryCommands } from "./demo-try.ts";
import { drawCalls, type WebhookCall } from "./webhook-calls.ts";

const EARNERS = 8;
const INTERRUPTED = 130;

/**
 * `npm run demo`: signed sales, every job and the verified ledger, on servers of its own. Runs until a
 * signal, or exits by itself with `once`.
 *
 * @returns the exit code: 0, 1 if a result is wrong, 130 if it was interrupted.
 */
export async function runDemo(
  terminal: Terminal,
  { once, port }: { once: boolean; port: number | null },
): Promise<number> {
  const end = AbortSignal.any([terminal.interrupted(), endOfNpm(terminal.environment)]);
  const readable = prettyFactory({ ignore: "pid,hostname" });
  const log = createDemoLog((line) => terminal.writeError(readable(line)));
  const closers: Closers = [];
  const show = async () => {
    const startedMs = performance.now();
    terminal.write("Commonwork demo\n\n");
    const demo = await openDemo({ terminal, log, closers, port });
    await showSales(terminal, demo);
    const succeeded = await showJobs(terminal, demo);
    terminal.write(await failuresText(demo));
    terminal.write(logText(log.release()));
    terminal.write(`\nFinished in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s.\n`);
    if (!once) {
      closers.push(keepBusy(demo));
      terminal.write(await invitation(demo));
    }
    return succeeded ? 0 : 1;
  };
  try {
    const code = await Promise.race([show(), aborted(end).then(() => INTERRUPTED)]);
    if (once || code === INTERRUPTED) return code;
    await aborted(end);
    terminal.write("\nStopping.\n");
    return code;
  } catch (error) {
    for (const line of log.release())
      terminal.writeError(`${line.level}: ${line.message} (${line.times} times)\n`);
    throw error;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** Sends the sales, waits until each has been decided, and shows the results by kind. */
async function showSales(terminal: Terminal, demo: OpenDemo): Promise<void> {
  const step = stepsOn(terminal);
  const secret = demo.config.saleWebhook.secrets[0] ?? "";
  const calls = drawCalls(demo.community, { seed: SEED, now: demo.now, name: demo.name, secret });
  const webhook = `${demo.address}/volunteer_scheduler/webhooks/scicent_sale`;
  const answers = await step(
    "sales",
    () => sendCalls(webhook, calls),
    (received) => answersText(calls, received),
  );
  await step(
    "settled",
    () => untilSettled(demo.db),
    () => "every accepted sale has been decided",
  );
  terminal.write(callsText(await resultsOf(demo.db, calls, answers)));
}

/** @returns whether every job succeeded and the ledger is consistent. */
async function showJobs(terminal: Terminal, demo: OpenDemo): Promise<boolean> {
  const runs = await runEveryJob({ ...demo, organizationIds: demo.community.organizationIds });
  const books = await booksOf(demo.db);
  const verified = runs.at(-1)?.counts ?? {};
  terminal.write(runsText(runs));
  terminal.write(await rewardsText(demo.db));
  terminal.write(await recommendationsText(demo.db, runs));
  terminal.write(await mailText(demo.db, demo.emailFolder));
  terminal.write(earnersText(await topEarners(demo.db, EARNERS)));
  terminal.write(booksText(books, verified));
  const allSucceeded = runs.every(({ status }) => status === "done" || status === "skipped");
  return allSucceeded && verified.drift === 0 && Number(books.sum) === 0;
}

function answersText(calls: readonly WebhookCall[], answers: readonly WebhookAnswer[]): string {
  const times = answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const median = times[times.length >> 1] ?? 0;
  return `${formatNumber(calls.length)} signed webhook calls over HTTP, median response time ${median.toFixed(0)} ms`;
}

/** Leaves a dead letter, and prints what waits for an operator. */
async function failuresText({ db }: OpenDemo): Promise<string> {
  await leaveADeadLetter(db);
  const { deadLetters, heldSales } = await openCases(db);
  return `\nFor an operator: ${deadLetters} dead letter (commonwork dead list), ${heldSales} sales on hold (commonwork holds list).\n`;
}

/** Keeps a slow run under way. @returns what stops it. */
function keepBusy(demo: OpenDemo): () => Promise<void> {
  const stop = new AbortController();
  const busy = keepARunUnderWay(demo, stop.signal);
  // It fails when the servers of the demo are stopped from outside.
  busy.catch(() => undefined);
  return async () => {
    stop.abort();
    await busy.catch(() => undefined);
  };
}

async function invitation(demo: OpenDemo): Promise<string> {
  const { config, address } = demo;
  const { commands, variables } = await tryCommands({
    db: demo.db,
    address,
    name: demo.name,
    saleSecret: config.saleWebhook.secrets[0] ?? "",
    eventsSecret: config.eventsWebhook.secrets[0] ?? "",
    jwtSecret: demo.jwtSecret,
  });
  const pages = `\n# for the commands of docs/webhooks.md and docs/api.md, which expect port 3000 (npm run demo -- --port 3000)\n${variables}\n`;
  return `${access(demo)}${pages}${commands.map(({ title, command }) => `\n# ${title}\n${command}\n`).join("")}`;
}

const access = ({ config, address }: OpenDemo): string => `
Running until Ctrl-C. A calendar that answers slowly keeps one run under way.

  dashboard   ${address}/admin
  login       admin   ${config.admin.adminPassword}
              viewer  ${config.admin.viewerPassword}
  metrics     ${address}/metrics
  commands    DATABASE_URL=${config.databaseUrl} DB_SCHEMA=${config.databaseSchema} REDIS_URL=${config.redisUrl} REDIS_PREFIX=${config.redisPrefix} npm run dev -- queues
`;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

const CHECK_EVERY_MS = 1_000;

/**
 * Aborts when npm was killed: SIGKILL does not reach its child, which would keep running in the background.
 */
function endOfNpm(environment: NodeJS.ProcessEnv): AbortSignal {
  const controller = new AbortController();
  if (environment.npm_lifecycle_event === undefined) return controller.signal;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) controller.abort();
  }, CHECK_EVERY_MS);
  watch.unref();
  return controller.signal;
}

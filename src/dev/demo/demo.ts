import { prettyFactory } from "pino-pretty";
import { formatNumber } from "../../cli/table.ts";
import type { Terminal } from "../../cli/terminal.ts";
import { type Delivery, drawDeliveries } from "./demo-deliveries.ts";
import { booksOf, fatesOf, topEarners, untilSettled } from "./demo-figures.ts";
import { runEveryJob } from "./demo-jobs.ts";
import { createDemoLog } from "./demo-log.ts";
import { mailText } from "./demo-mail.ts";
import { type Closers, type OpenDemo, openDemo, SEED, stepsOn } from "./demo-open.ts";
import { booksText, earnersText, fatesText, logText, runsText } from "./demo-report.ts";
import { rewardsText } from "./demo-rewards.ts";
import { type Answer, sendDeliveries } from "./demo-send.ts";

const EARNERS = 8;
const INTERRUPTED = 130;

/**
 * `npm run demo`: the main job on servers of its own, from the signed sale to the verified books. Stays up until a signal unless
 * it is told to run `once`.
 *
 * @returns the exit code: 0, 1 when something did not come out as it must, 130 when it was interrupted.
 */
export async function runDemo(terminal: Terminal, { once }: { once: boolean }): Promise<number> {
  const end = AbortSignal.any([terminal.interrupted(), endOfNpm(terminal.environment)]);
  const readable = prettyFactory({ ignore: "pid,hostname" });
  const log = createDemoLog((line) => terminal.writeError(readable(line)));
  const closers: Closers = [];
  const story = async () => {
    const startedMs = performance.now();
    terminal.write("Commonwork demo\n\n");
    const demo = await openDemo(terminal, log, closers);
    await showSales(terminal, demo);
    const cameOutRight = await showJobs(terminal, demo);
    terminal.write(logText(log.release()));
    terminal.write(`\nAll of this took ${((performance.now() - startedMs) / 1_000).toFixed(1)} s.\n`);
    if (!once) terminal.write(invitation(demo));
    return cameOutRight ? 0 : 1;
  };
  try {
    const code = await Promise.race([story(), aborted(end).then(() => INTERRUPTED)]);
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

/** Sends the sales, waits until each is decided, shows what became of every kind. */
async function showSales(terminal: Terminal, demo: OpenDemo): Promise<void> {
  const step = stepsOn(terminal);
  const secret = demo.config.saleWebhook.secrets[0] ?? "";
  const deliveries = drawDeliveries(demo.community, { seed: SEED, now: demo.now, name: demo.name, secret });
  const webhook = `${demo.address}/volunteer_scheduler/webhooks/scicent_sale`;
  const answers = await step(
    "sales",
    () => sendDeliveries(webhook, deliveries),
    (given) => answersText(deliveries, given),
  );
  await step(
    "settled",
    () => untilSettled(demo.db),
    () => "every sale that was taken has been decided",
  );
  terminal.write(fatesText(await fatesOf(demo.db, deliveries, answers)));
}

/** @returns whether every job ended well and the books are in order. */
async function showJobs(terminal: Terminal, demo: OpenDemo): Promise<boolean> {
  const runs = await runEveryJob({ ...demo, organizationIds: demo.community.organizationIds });
  const books = await booksOf(demo.db);
  const verified = runs.at(-1)?.counts ?? {};
  terminal.write(runsText(runs));
  terminal.write(await rewardsText(demo.db));
  terminal.write(await mailText(demo.emailFolder));
  terminal.write(earnersText(await topEarners(demo.db, EARNERS)));
  terminal.write(booksText(books, verified));
  const ended = runs.every(({ status }) => status === "done" || status === "skipped");
  return ended && verified.drift === 0 && Number(books.sum) === 0;
}

function answersText(deliveries: readonly Delivery[], answers: readonly Answer[]): string {
  const times = answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const median = times[times.length >> 1] ?? 0;
  return `${formatNumber(deliveries.length)} signed deliveries over HTTP, half of them answered within ${median.toFixed(0)} ms`;
}

const invitation = ({ config, address }: OpenDemo): string => `
It stays up until Ctrl-C.

  dashboard   ${address}/admin
  login       admin   ${config.admin.adminPassword}
              viewer  ${config.admin.viewerPassword}
  metrics     ${address}/metrics
  webhook     ${address}/volunteer_scheduler/webhooks/scicent_sale, signed with ${config.saleWebhook.secrets[0]}
  commands    DATABASE_URL=${config.databaseUrl} DB_SCHEMA=${config.databaseSchema} REDIS_URL=${config.redisUrl} REDIS_PREFIX=${config.redisPrefix} npm run dev -- queues
`;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

const LOOK_EVERY_MS = 1_000;

/** npm killed by force leaves its program behind; the demo then ends like its servers do, instead of running on unseen. */
function endOfNpm(environment: NodeJS.ProcessEnv): AbortSignal {
  const controller = new AbortController();
  if (environment.npm_lifecycle_event === undefined) return controller.signal;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) controller.abort();
  }, LOOK_EVERY_MS);
  watch.unref();
  return controller.signal;
}

import type { Command } from "commander";
import { sql } from "drizzle-orm";
import { QUEUE_NAMES, QUEUE_WEIGHTS, type QueueName } from "../config/queues.ts";
import { audit } from "../db/audit.ts";
import type { Database } from "../db/client.ts";
import { array, rows } from "../db/statement.ts";
import { inTransaction } from "../db/transaction.ts";
import type { Runtime } from "../roles/runtime.ts";
import { confirm } from "./confirm.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { CliError, operator, type Terminal } from "./terminal.ts";
import { redisAnswers, withRuntime } from "./with-runtime.ts";

/** `commonwork queues` and `commonwork queues clear`. */
export function defineQueues(command: Command, terminal: Terminal): void {
  jsonFlag(command).action(async ({ json }: { json?: true }) => {
    await withRuntime(terminal, { redis: true }, async (runtime) => {
      const sizes = await readSizes(runtime);
      if (json) return printJson(terminal, sizes);
      printSizes(terminal, sizes);
    });
  });
  const clear = command
    .command("clear")
    .argument("[queue...]", "only these queues")
    .description("discard all work in the queues; only with NODE_ENV=development");
  clear.option("--yes", "skip the confirmation").action(async (names: string[], { yes }: { yes?: true }) => {
    const unknown = names.filter((name) => !QUEUE_NAMES.includes(name as QueueName));
    if (unknown.length > 0)
      throw new CliError(
        `There is no queue ${unknown.join(", ")}. The queues are ${QUEUE_NAMES.join(", ")}.`,
      );
    const chosen = names.length > 0 ? (names as QueueName[]) : QUEUE_NAMES;
    await withRuntime(terminal, { redis: true }, (runtime) =>
      clearQueues(terminal, runtime, chosen, yes === true),
    );
  });
}

type OutboxSizes = { due: number; carried: number; retrying: number; later: number; dead: number };
type CarrierSizes = { waiting: number; active: number; delayed: number; failed: number };
type QueueSizes = { queue: QueueName; weight: number; redis: CarrierSizes | null; outbox: OutboxSizes };

const EMPTY: OutboxSizes = { due: 0, carried: 0, retrying: 0, later: 0, dead: 0 };

async function readSizes(runtime: Runtime): Promise<QueueSizes[]> {
  const outbox = await readOutbox(runtime.db);
  const answers = await redisAnswers(runtime);
  return Promise.all(
    QUEUE_NAMES.map(async (queue) => ({
      queue,
      weight: QUEUE_WEIGHTS[queue],
      redis: answers ? await readCarriers(runtime, queue) : null,
      outbox: outbox.get(queue) ?? EMPTY,
    })),
  );
}

async function readCarriers({ producers }: Runtime, queue: QueueName): Promise<CarrierSizes> {
  const counts = await producers
    .queue(queue)
    .getJobCounts("prioritized", "wait", "active", "delayed", "failed");
  const { prioritized = 0, wait = 0, active = 0, delayed = 0, failed = 0 } = counts;
  return { waiting: prioritized + wait, active, delayed, failed };
}

/** Counts the entries of each queue by state; the states are disjoint. */
async function readOutbox(db: Database): Promise<Map<string, OutboxSizes>> {
  const found = await rows<OutboxSizes & { queue: string }>(
    db.drizzle,
    sql`select queue,
               count(*) filter (where dead_at is null and enqueued_at is null and attempts = 0 and run_at <= now())::int as due,
               count(*) filter (where dead_at is null and enqueued_at is not null)::int as carried,
               count(*) filter (where dead_at is null and enqueued_at is null and attempts > 0)::int as retrying,
               count(*) filter (where dead_at is null and enqueued_at is null and attempts = 0 and run_at > now())::int as later,
               count(*) filter (where dead_at is not null)::int as dead
        from outbox group by queue`,
  );
  return new Map(found.map(({ queue, ...sizes }) => [queue, sizes]));
}

function printSizes(terminal: Terminal, sizes: readonly QueueSizes[]): void {
  const entryTitles = ["Weight", "Due", "Carried", "Retrying", "Later", "Dead"];
  const carrierTitles = ["Waiting", "Active", "Delayed", "Failed"];
  printTable(
    terminal,
    [
      { title: "Queue" },
      ...[...entryTitles, ...carrierTitles].map((title) => ({ title, align: "right" }) as const),
    ],
    sizes.map(({ queue, weight, outbox, redis }) => [
      queue,
      weight,
      ...[outbox.due, outbox.carried, outbox.retrying, outbox.later, outbox.dead],
      ...[redis?.waiting ?? null, redis?.active ?? null, redis?.delayed ?? null, redis?.failed ?? null],
    ]),
    "There are no queues.",
  );
  printLine(terminal);
  printLine(
    terminal,
    "Due to Dead count entries in Postgres (the work itself); Waiting to Failed count carriers in Redis.",
  );
  if (sizes.some(({ redis }) => redis === null)) terminal.writeError("Redis does not answer.\n");
}

/**
 * Deletes entries and carriers and cancels their runs. Carriers alone would be recreated from the entries.
 */
async function clearQueues(
  terminal: Terminal,
  runtime: Runtime,
  queues: readonly QueueName[],
  confirmed: boolean,
): Promise<void> {
  if (!runtime.config.development) {
    throw new CliError(
      "Queues can be cleared only with NODE_ENV=development: the entries are work that must not be lost.",
    );
  }
  if (!confirmed && !(await confirm(terminal, `Discard all work in ${queues.join(", ")}?`))) {
    throw new CliError("Nothing was cleared.");
  }
  const entries = await inTransaction(runtime.db, async (tx) => {
    const deleted = await rows<{ parent: string | null }>(
      tx,
      sql`delete from outbox where queue = any(${array(queues)}::text[]) returning parent`,
    );
    const runs = [...new Set(deleted.flatMap(({ parent }) => parent ?? []))];
    await tx.execute(
      sql`update job_runs set status = 'cancelled', finished_at = now(), error = 'the queue was cleared'
          where id = any(${array(runs)}::bigint[]) and finished_at is null`,
    );
    await audit(tx, {
      actor: operator(),
      action: "queues.clear",
      subject: `queues:${queues.join(",")}`,
      details: { entries: deleted.length },
    });
    return deleted.length;
  });
  if (await redisAnswers(runtime)) {
    for (const queue of queues) {
      await runtime.producers.queue(queue).drain();
      await runtime.producers.queue(queue).clean(0, 0, "failed");
    }
  }
  printLine(terminal, `Entries discarded: ${entries}.`);
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { eventually } from "./eventually.ts";
import { programFile } from "./program-file.ts";
import { serversOf, type World } from "./world.ts";

/** The table in which a job that pays writes its effect last. */
const MOVEMENTS = "ledger_transactions";

/**
 * Terminates the backend that next commits a row of a table, in that commit.
 * @returns how many were terminated.
 */
export async function dieAtNextCommit(world: World, table = MOVEMENTS): Promise<() => Promise<number>> {
  await world.query("create sequence if not exists commits");
  await world.query("select setval('commits', 1, false)");
  await world.query(`create or replace function die_once() returns trigger language plpgsql as $$
    begin
      if nextval('commits') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
      return null;
    end $$`);
  await world.query(`drop trigger if exists die_once on ${table}`);
  await world.query(
    `create constraint trigger die_once after insert on ${table} deferrable initially deferred for each row execute function die_once()`,
  );
  return async () => {
    const [row] = await world.query<{ died: boolean }>("select is_called as died from commits");
    return row!.died ? 1 : 0;
  };
}

/** Starts a worker process for a world (programs/worker.ts). It runs no relay. */
export const spawnWorker = (world: World, environment: Record<string, string> = {}): ChildProcess =>
  spawn(process.execPath, [programFile("worker")], {
    env: {
      PATH: process.env["PATH"],
      ...serversOf(world),
      ...environment,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });

/**
 * Runs due entries in a worker process and sends it SIGKILL in the middle of a job: after the job claimed its
 * entry, and before it could write its first row into `table`. Resolves when the server has rolled the
 * transaction back.
 */
export async function killWorkerMidJob(world: World, table = MOVEMENTS): Promise<void> {
  const blocker = await world.db.pool.connect();
  const worker = spawnWorker(world, { JOBS: "all" });
  try {
    await blocker.query("begin");
    await blocker.query("set local idle_in_transaction_session_timeout = 0");
    await blocker.query(`lock table ${table} in share mode`);
    world.relay.start();
    const backend = await eventually(() => backendBlockedOn(world, table));
    worker.kill("SIGKILL");
    await once(worker, "exit");
    await eventually(async () => {
      if (await isOpen(world, backend)) throw new Error("the transaction of the killed worker is still open");
    });
  } finally {
    worker.kill("SIGKILL");
    await blocker.query("rollback").finally(() => blocker.release());
  }
}

async function backendBlockedOn(world: World, table: string): Promise<number> {
  const [blocked] = await world.query<{ pid: number }>(
    `select pid from pg_locks where not granted and locktype = 'relation' and relation = $1::regclass`,
    [table],
  );
  if (!blocked) throw new Error(`no transaction waits for ${table}`);
  return blocked.pid;
}

const isOpen = async (world: World, backend: number): Promise<boolean> =>
  (await world.query("select 1 from pg_stat_activity where pid = $1", [backend])).length > 0;

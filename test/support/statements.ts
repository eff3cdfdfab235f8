import type { PoolClient } from "pg";
import type { World } from "./world.ts";

/** A statement as it was sent. */
export type Statement = { readonly text: string; readonly values: readonly unknown[] };

/** Read every two seconds while a process works, whatever it does: no part of the work. */
const isByTheClock = (text: string): boolean => text.includes("from job_pauses where until > now()");

/** Runs `work`, and records the statements that connections of the world's pool send for it. */
export async function recordStatements(world: World, work: () => Promise<unknown>): Promise<Statement[]> {
  const statements: Statement[] = [];
  const watched = new Map<PoolClient, PoolClient["query"]>();
  const watch = (client: PoolClient) => {
    if (watched.has(client)) return;
    const send = client.query as (...words: unknown[]) => unknown;
    watched.set(client, client.query);
    client.query = ((config: string | { text: string; values?: unknown[] }, ...rest: unknown[]) => {
      const text = typeof config === "string" ? config : config.text;
      const values = Array.isArray(rest[0]) ? rest[0] : typeof config === "string" ? [] : config.values;
      if (!isByTheClock(text)) statements.push({ text, values: values ?? [] });
      return send.call(client, config, ...rest);
    }) as PoolClient["query"];
  };
  world.db.pool.on("acquire", watch);
  try {
    await work();
  } finally {
    world.db.pool.off("acquire", watch);
    for (const [client, query] of watched) client.query = query;
  }
  return statements;
}

type PlanNode = { readonly [key: string]: unknown; readonly Plans?: readonly PlanNode[] };

const PASSED_OVER = ["Rows Removed by Filter", "Rows Removed by Index Recheck"];

/**
 * How many rows of a table a statement reads and passes over, by its plan. What it writes is rolled back.
 */
export const rowsPassedOver = async (world: World, statement: Statement, table: string): Promise<number> =>
  rowsIn(await planOf(world, statement), table, PASSED_OVER);

/** How many rows of a table a statement reads, by its plan. What it writes is rolled back. */
export const rowsRead = async (world: World, statement: Statement, table: string): Promise<number> =>
  rowsIn(await planOf(world, statement), table, ["Actual Rows", ...PASSED_OVER]);

/** How many pages a statement reads. What it writes is rolled back. */
export async function pagesRead(world: World, statement: Statement): Promise<number> {
  const plan = await planOf(world, statement);
  return Number(plan["Shared Hit Blocks"]) + Number(plan["Shared Read Blocks"]);
}

async function planOf(world: World, { text, values }: Statement): Promise<PlanNode> {
  const client = await world.db.pool.connect();
  try {
    await client.query("begin");
    const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(
      `explain (analyze, buffers, format json) ${text}`,
      [...values],
    );
    return rows[0]!["QUERY PLAN"][0].Plan;
  } finally {
    await client.query("rollback");
    client.release();
  }
}

function rowsIn(node: PlanNode, table: string, keys: readonly string[]): number {
  const loops = Number(node["Actual Loops"] ?? 1);
  const here =
    node["Relation Name"] === table ? keys.reduce((sum, key) => sum + Number(node[key] ?? 0) * loops, 0) : 0;
  return (node.Plans ?? []).reduce((sum, child) => sum + rowsIn(child, table, keys), here);
}

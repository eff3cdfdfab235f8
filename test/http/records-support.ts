import { createWorld, type World } from "../support/world.ts";
import { callWebhook, serve, sign } from "./support.ts";

// Records as a host sends them to POST /webhooks/records.

export const SECRET = "the long secret of the host";

export type Line = Record<string, unknown>;
export type Answer = {
  line: number;
  status: string;
  faults?: { field: string; fault: string }[];
  waits_for?: { table: string; host_id: string };
};

/** A world that takes records, and functions that send them. */
export async function openRecords() {
  const world = await createWorld({ environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET } });
  const address = await serve(world);
  const sendBody = (body: string | Buffer, headers: Record<string, string | null> = {}) =>
    callWebhook(address, body, {
      path: "/webhooks/records",
      headers: {
        "X-Scicent-Signature": null,
        "X-Commonwork-Signature": sign(body, SECRET),
        "Content-Type": "application/x-ndjson",
        ...headers,
      },
    });
  const send = (lines: readonly (Line | string)[], headers: Record<string, string | null> = {}) =>
    sendBody(
      lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
      headers,
    );
  /** Sends records, and gives what became of each. */
  const answers = async (...lines: (Line | string)[]) => (await send(lines)).body["records"] as Answer[];
  const statuses = async (...lines: (Line | string)[]) =>
    (await answers(...lines)).map(({ status }) => status);
  return { world, send, sendBody, answers, statuses };
}

export const ADA = "018f6b1c-aaaa-7000-8000-000000000001";
export const BEN = "018f6b1c-aaaa-7000-8000-000000000002";

export const record = (table: string, key: string, version: number, columns: Line): Line => ({
  table,
  host_id: key,
  version,
  columns,
});
export const deleted = (table: string, key: string, version: number): Line => ({
  table,
  host_id: key,
  version,
  deleted: true,
});
export const user = (key: string, version = 1, columns: Line = {}): Line =>
  record("users", key, version, { name: "Ada", email: "ada@host.test", ...columns });
export const thread = (key: string, version = 1): Line =>
  record("chat_threads", key, version, { topic: "Plans" });
export const message = (key: string, version = 1, columns: Line = {}): Line =>
  record("messages", key, version, { thread_id: "t", sender_id: ADA, body: "Hello", ...columns });

/** One column of the rows that have an id of the host, in its order. */
export const values = async (world: World, table: string, column: string): Promise<unknown[]> =>
  (
    await world.query<{ v: unknown }>(
      `select ${column} as v from ${table} where host_id is not null order by host_id`,
    )
  ).map(({ v }) => v);
export const count = async (world: World, table: string): Promise<unknown> =>
  (await world.query(`select count(*)::int as n from ${table}`))[0]?.["n"];

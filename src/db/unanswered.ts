import type { Client, ClientBase } from "pg";
import { settlesWithin } from "../deadlines.ts";
import { streamOf } from "./prepared.ts";

/** Counts as "Postgres is unreachable", as its code says (faults.ts). */
class StatementUnanswered extends Error {
  override readonly name = "StatementUnanswered";
  readonly code = "ETIMEDOUT";
  constructor(limitMs: number) {
    super(`Postgres sent nothing for ${limitMs} ms while a statement waited; the connection was closed`);
  }
}

/**
 * Closes a connection over which nothing has arrived for `limitMs` while a statement waits for its answer.
 * `statement_timeout` is enforced by the server. When that is gone without a reset (a host without power, a
 * failover of the address, a NAT that dropped the flow), only the client can notice; left to the kernel, it
 * takes 15 minutes.
 */
export function closeWhenUnanswered(client: ClientBase, limitMs: number): void {
  const stream = streamOf(client);
  stream.setTimeout(limitMs);
  // Each time, and not as a callback of setTimeout, which is called once: an idle connection times out too.
  stream.on("timeout", () => {
    if (!isWaiting(client)) return;
    const { bytesRead } = stream;
    const close = () => {
      if (stream.bytesRead === bytesRead) stream.destroy(new StatementUnanswered(limitMs));
    };
    // After the event loop was blocked, timers run before the answers that have arrived are read: read them
    // first.
    setImmediate(() => setImmediate(close));
  });
}

/** A server that is gone does not close its side either. */
const END_LIMIT_MS = 2_000;

/** Ends a connection, and closes it when the server does not. */
export async function endConnection(client: Pick<Client, "end"> & ClientBase): Promise<void> {
  const stream = streamOf(client);
  if (!(await settlesWithin(END_LIMIT_MS, client.end()))) stream.destroy();
}

/** True while a statement has no complete answer. The types of the driver leave the property out. */
const isWaiting = (client: ClientBase): boolean =>
  !(client as unknown as { readonly readyForQuery: boolean }).readyForQuery;

import type { HostJobPayloads } from "../workers/notifications/host/host-jobs.ts";
import type { Queryable } from "./queryable.ts";
import {
  argument,
  functionIn,
  inTrace,
  json,
  type SchemaOption,
  type TraceOption,
  type WithHostIds,
} from "./statement.ts";

export type EnqueueOptions = SchemaOption & TraceOption;

/** Requests a job in the host's transaction: it runs if the transaction commits. */
export async function enqueue<J extends keyof HostJobPayloads>(
  tx: Queryable,
  job: J,
  payload: WithHostIds<HostJobPayloads[J]>,
  options: EnqueueOptions = {},
): Promise<void> {
  const args = [argument(1), argument(2, "jsonb")];
  const trace = inTrace(options, args.length + 1);
  await tx.query(`select ${functionIn(options, "enqueue")}(${args.join(", ")}) as id${trace.text}`, [
    job,
    json(payload),
    ...trace.values,
  ]);
}

import type { HOST_TABLES } from "../connect/host-tables.ts";
import type { Forwarded } from "./forward-outbox.ts";
import { signRequest } from "./sign-request.ts";
import { type HostId, json } from "./statement.ts";

type Tables = typeof HOST_TABLES;

/** The tables that a host may fill. */
export type HostTableName = keyof Tables;

/** Their columns, with ids of the host in those that refer to other rows. */
export type HostColumns<T extends HostTableName> = {
  readonly [C in Tables[T]["writes"][number]]?: unknown;
};

type RecordOf<T extends HostTableName> = {
  readonly table: T;
  /** The id of the row in the host. */
  readonly host_id: HostId;
  /** Grows with each change of the row: a counter, or the time of the change in microseconds. */
  readonly version: number | bigint | string;
  /** The row is older than the connection to Commonwork: it causes no nudge. */
  readonly backfill?: boolean;
} & ({ readonly columns: HostColumns<T> } | { readonly deleted: true });

/** A row of a host in another database: all columns that the host keeps, or that it was deleted. */
export type SentRecord = { readonly [T in HostTableName]: RecordOf<T> }[HostTableName];

/** The outcome of a record. */
export type RecordAnswer = {
  /** `waiting`: it is written once the row in `waits_for` has arrived. */
  readonly status: "stored" | "unchanged" | "older" | "waiting" | "conflict" | "rejected";
  readonly faults?: readonly { readonly field: string; readonly fault: string }[];
  readonly waits_for?: { readonly table: string; readonly host_id: string };
};

export type SendRecordsOptions = {
  /** The address of the service: `https://commonwork.example`. */
  readonly url: string;
  /** DOMAIN_EVENTS_WEBHOOK_SECRET. */
  readonly secret: string;
  readonly fetch?: typeof fetch;
};

/** The limits of the webhook. */
const MAX_RECORDS = 1_000;
const MAX_BYTES = 4 * 1024 * 1024;
const TIME_LIMIT_MS = 60_000;

/**
 * Sends rows to `POST /webhooks/records`, in as many calls as they need. Sending them again is harmless.
 *
 * @returns the outcome of each, in order.
 * @throws Error when the service does not answer, or refuses a call: send all of them again later.
 */
export async function sendRecords(
  records: readonly SentRecord[],
  options: SendRecordsOptions,
): Promise<RecordAnswer[]> {
  const answers: RecordAnswer[] = [];
  for (const lines of callsOf(records.map(json))) answers.push(...(await call(lines, options)));
  return answers;
}

/** Cuts lines into calls within the limits. A line that is larger than these is a call by itself. */
function callsOf(lines: readonly string[]): string[][] {
  const calls: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const length = new TextEncoder().encode(line).byteLength + 1;
    bytes += length;
    const last = calls.at(-1);
    if (last && bytes <= MAX_BYTES && last.length < MAX_RECORDS) last.push(line);
    else {
      calls.push([line]);
      bytes = length;
    }
  }
  return calls;
}

async function call(
  lines: readonly string[],
  { url, secret, fetch: send = fetch }: SendRecordsOptions,
): Promise<readonly RecordAnswer[]> {
  const body = lines.join("\n");
  const response = await send(new URL("/webhooks/records", url), {
    method: "POST",
    headers: signRequest(body, secret, "application/x-ndjson"),
    body,
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  });
  const answer = (await response.json().catch(() => null)) as { records?: readonly RecordAnswer[] } | null;
  if (![200, 202, 409, 422].includes(response.status) || answer?.records?.length !== lines.length)
    throw new Error(`the service answered ${response.status}`);
  return answer.records;
}

/** A change in the host's outbox: the current row, or its deletion. */
export type RecordOutboxRow = { readonly id: HostId; readonly record: SentRecord };

export type ForwardRecordsOptions = SendRecordsOptions & {
  /** Reads up to `limit` changes that are not settled, oldest first. */
  read(limit: number): Promise<readonly RecordOutboxRow[]>;
  /** Deletes or marks changes that Commonwork has. */
  settle(ids: readonly HostId[]): Promise<void>;
  /** Marks a change that Commonwork rejects: `read` must not return it again. */
  reject(id: HostId, reason: string): Promise<void>;
  /** Ends the call after the request under way. */
  readonly signal?: AbortSignal;
};

/**
 * Sends the changed rows in the host's outbox, until none is left. A change is settled once Commonwork has
 * it; one that is sent again after a crash is stored once.
 *
 * @throws Error when the service does not answer, or refuses the call: try again later.
 */
export async function forwardRecords(options: ForwardRecordsOptions): Promise<Forwarded> {
  let recorded = 0;
  let rejected = 0;
  while (!options.signal?.aborted) {
    const rows = await options.read(MAX_RECORDS);
    if (rows.length === 0) break;
    const answers = await sendRecords(
      rows.map(({ record }) => record),
      options,
    );
    const settled: HostId[] = [];
    for (const [index, { id }] of rows.entries()) {
      const answer = answers[index];
      if (answer?.status === "rejected" || answer?.status === "conflict")
        await options.reject(id, reasonOf(answer));
      else settled.push(id);
    }
    await options.settle(settled);
    recorded += settled.length;
    rejected += rows.length - settled.length;
  }
  return { recorded, rejected };
}

const reasonOf = ({ status, faults = [] }: RecordAnswer): string =>
  status === "conflict"
    ? "the version was already stored with different values"
    : faults.map(({ field, fault }) => `${field} ${fault}`).join("; ");

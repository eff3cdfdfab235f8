import { signRequest } from "./sign-request.ts";
import type { HostId } from "./statement.ts";
import { json } from "./statement.ts";

/** An event in the outbox of a host whose database Commonwork does not share, with ids of the host. */
export type OutboxRow = {
  /** Unique forever: an event that is sent again with the same one is recorded once. */
  readonly id: HostId;
  readonly event_type: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly actor_id?: HostId | null;
  readonly project_id?: HostId | null;
  readonly resource_id?: HostId | null;
  readonly thread_id?: HostId | null;
  readonly meeting_id?: HostId | null;
  /** In ISO 8601 with an offset. */
  readonly occurred_at?: string;
};

export type ForwardOptions = {
  /** The address of the service: `https://commonwork.example`. */
  readonly url: string;
  /** DOMAIN_EVENTS_WEBHOOK_SECRET. */
  readonly secret: string;
  /** Reads up to `limit` rows that are not settled, oldest first. */
  read(limit: number): Promise<readonly OutboxRow[]>;
  /** Deletes or marks rows that were recorded. */
  settle(ids: readonly HostId[]): Promise<void>;
  /** Marks a row that Commonwork rejects: `read` must not return it again. */
  reject(id: HostId, reason: string): Promise<void>;
  /** Ends the call after the request under way. */
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
};

export type Forwarded = { readonly recorded: number; readonly rejected: number };

/** Events per call: the limit of the webhook. */
const MAX_EVENTS = 100;
const TIME_LIMIT_MS = 30_000;

type EventReceipt = {
  readonly id: string | null;
  readonly status: "accepted" | "duplicate" | "conflict" | "rejected";
  readonly faults?: readonly { readonly field: string; readonly fault: string }[];
};

/**
 * Sends the events in the host's outbox to `POST /webhooks/domain_events`, until none is left. A row is
 * settled once it is recorded; one that is sent again after a crash is recorded once.
 *
 * @throws Error when the service does not answer, or refuses the call: try again later.
 */
export async function forwardOutbox(options: ForwardOptions): Promise<Forwarded> {
  let recorded = 0;
  let rejected = 0;
  while (!options.signal?.aborted) {
    const rows = await options.read(MAX_EVENTS);
    if (rows.length === 0) break;
    const receipts = await send(options, rows);
    const settled: HostId[] = [];
    for (const [index, { id }] of rows.entries()) {
      const receipt = receipts[index];
      if (receipt?.status === "accepted" || receipt?.status === "duplicate") settled.push(id);
      else await options.reject(id, reasonOf(receipt));
    }
    await options.settle(settled);
    recorded += settled.length;
    rejected += rows.length - settled.length;
  }
  return { recorded, rejected };
}

async function send(
  { url, secret, fetch: send = fetch }: ForwardOptions,
  rows: readonly OutboxRow[],
): Promise<readonly EventReceipt[]> {
  const body = json({ events: rows.map((row) => ({ ...row, id: String(row.id) })) });
  const response = await send(new URL("/webhooks/domain_events", url), {
    method: "POST",
    headers: signRequest(body, secret),
    body,
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  });
  const answer = (await response.json().catch(() => null)) as { events?: readonly EventReceipt[] } | null;
  // Accepted, repeated, in conflict or rejected: each event has its own result.
  if (![200, 202, 409, 422].includes(response.status) || answer?.events?.length !== rows.length)
    throw new Error(`the service answered ${response.status}`);
  return answer.events;
}

const reasonOf = (receipt: EventReceipt | undefined): string =>
  receipt?.status === "conflict"
    ? "another event was recorded with this id"
    : (receipt?.faults ?? []).map(({ field, fault }) => `${field} ${fault}`).join("; ");

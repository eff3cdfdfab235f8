import { sql } from "drizzle-orm";
import { z } from "zod";
import { array, prepared } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { noteAsk } from "../queues/enqueue.ts";

/** A kind of fact that has happened: `noun.past`, and what is known about it. The host's names are its own. */
export type EventType<P> = { readonly type: string; readonly payload: z.ZodType<P> };

export const defineEvent = <P>(event: EventType<P>): EventType<P> => event;

/** Every such text is a bigint. */
const ID = /^[1-9]\d{0,17}$/;

/** An id within a payload that we write ourselves. */
export const ownIdField = () => z.string().regex(ID);

/** An id within a payload of the host, which writes numbers or strings; within the code ids are decimal strings. */
export const idField = () =>
  z
    .union([z.string(), z.int().min(1)])
    .transform(String)
    .pipe(ownIdField());

/** One such fact. */
export type Happened<P> = {
  readonly payload: P;
  readonly occurredAt: Date;
  readonly actorId?: string;
  readonly projectId?: string;
  readonly resourceId?: string;
  readonly threadId?: string;
  readonly meetingId?: string;
};

/** What a fact may be about, and the column that says so. */
const ABOUT = [
  ["actorId", "actor_id"],
  ["projectId", "project_id"],
  ["resourceId", "resource_id"],
  ["threadId", "thread_id"],
  ["meetingId", "meeting_id"],
] as const;

/**
 * Writes facts in the transaction that makes them true. The trigger of the table asks for their fan-out; it need not notify anybody,
 * since whoever commits this transaction wakes the relay.
 */
export async function emit<P>(tx: Tx, event: EventType<P>, facts: readonly Happened<P>[]): Promise<void> {
  if (facts.length === 0) return;
  noteAsk(tx);
  // One document: as an array of texts each payload would be quoted twice.
  const payloads = JSON.stringify(facts.map((fact) => event.payload.parse(fact.payload)));
  // Only the columns that some fact fills: a group of sales writes thousands that are about nobody's project.
  const about = ABOUT.filter(([field]) => facts.some((fact) => fact[field] !== undefined));
  const names = sql.raw(about.map(([, column]) => `, ${column}`).join(""));
  const values = about.map(
    ([field]) => sql`, unnest(${array(facts.map((fact) => fact[field] ?? null))}::bigint[])`,
  );
  await tx.execute(
    prepared`insert into domain_events (event_type, payload, occurred_at${names})
        select ${event.type}, f.payload, f.occurred_at${names}
        from set_config('commonwork.relayed', 'on', true)
        cross join rows from (
          jsonb_array_elements(${payloads}::jsonb),
          unnest(${array(facts.map((f) => f.occurredAt.toISOString()))}::timestamptz[])
          ${sql.join(values)}) as f(payload, occurred_at${names})`,
  );
}

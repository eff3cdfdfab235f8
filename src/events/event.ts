import { sql } from "drizzle-orm";
import type { z } from "zod";
import { array, type Tx } from "../db/client.ts";

/** A kind of fact that has happened: `noun.past`, and what is known about it. */
export type EventType<P> = { readonly type: string; readonly payload: z.ZodType<P> };

export const defineEvent = <P>(event: EventType<P>): EventType<P> => event;

/** One such fact. */
export type Happened<P> = { readonly payload: P; readonly occurredAt: Date; readonly actorId?: string };

/** Writes facts in the transaction that makes them true. */
export async function emit<P>(tx: Tx, event: EventType<P>, facts: readonly Happened<P>[]): Promise<void> {
  if (facts.length === 0) return;
  // One document: as an array of texts each payload would be quoted twice.
  const payloads = JSON.stringify(facts.map((fact) => event.payload.parse(fact.payload)));
  await tx.execute(
    sql`insert into domain_events (event_type, payload, occurred_at, actor_id)
        select ${event.type}, f.payload, f.occurred_at, f.actor_id
        from rows from (
          jsonb_array_elements(${payloads}::jsonb),
          unnest(${array(facts.map((f) => f.occurredAt.toISOString()))}::timestamptz[]),
          unnest(${array(facts.map((f) => f.actorId ?? null))}::bigint[])) as f(payload, occurred_at, actor_id)`,
  );
}

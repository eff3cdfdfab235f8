import { sql } from "drizzle-orm";
import type { Queryable } from "./statement.ts";

export type AuditRow = {
  /** Who: an operator's login, `cli`, or `service` for what the service noticed by itself. */
  readonly actor: string;
  /** What, as `noun.verb`. */
  readonly action: string;
  /** On what, as `table:id`. */
  readonly subject: string;
  readonly details?: Record<string, unknown>;
};

/** Writes down what an operator did, or what the service refused. Ids, never personal values. */
export async function audit(on: Queryable, row: AuditRow): Promise<void> {
  await on.execute(
    sql`insert into audit_log (actor, action, subject, details)
        values (${row.actor}, ${row.action}, ${row.subject}, ${JSON.stringify(row.details ?? {})}::jsonb)`,
  );
}

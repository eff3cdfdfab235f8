import { sql } from "drizzle-orm";
import type { Queryable } from "./statement.ts";

export type AuditRow = {
  /** An operator's login, `cli`, or `service`. */
  readonly actor: string;
  /** `noun.verb`. */
  readonly action: string;
  /** `table:id`. */
  readonly subject: string;
  readonly details?: Record<string, unknown>;
};

/** Records an action of an operator, or a finding of the service. Ids only, no personal values. */
export async function audit(on: Queryable, row: AuditRow): Promise<void> {
  await on.execute(
    sql`insert into audit_log (actor, action, subject, details)
        values (${row.actor}, ${row.action}, ${row.subject}, ${JSON.stringify(row.details ?? {})}::jsonb)`,
  );
}

import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { rows } from "../../db/statement.ts";

type Scene = { readonly db: Database; readonly name: string; readonly now: Date };

/** The host emits an event in its own transaction: a second version of a document was uploaded. */
export async function anEventIsEmitted({ db, name, now }: Scene): Promise<object> {
  const [document] = await rows<{ id: string; project: string; actor: string }>(
    db.drizzle,
    sql`select r.id, p.id as project, p.created_by as actor
        from projects p join resources r on r.project_id = p.id where p.name = ${`${name} garden`} limit 1`,
  );
  if (!document) throw new Error("The demo has no document.");
  return {
    event: {
      type: "document_uploaded",
      actor: document.actor,
      project: document.project,
      resource: document.id,
      occurredAt: now.toISOString(),
      id: `${name}-second-version`,
    },
  };
}

/** The host requests a job in its own transaction: a volunteer is placed into the lists of projects again. */
export async function aJobIsRequested({ db }: Scene): Promise<object> {
  const [volunteer] = await rows<{ id: string }>(
    db.drizzle,
    sql`select max(user_id)::text as id from volunteers`,
  );
  if (!volunteer?.id) throw new Error("The demo has no volunteers.");
  return { job: "place-volunteer", payload: { volunteerId: volunteer.id }, requestedBy: "demo_host" };
}

import { sql } from "drizzle-orm";
import pg from "pg";
import type { Database } from "../db/client.ts";
import { migrationState } from "../db/migrate/migrate.ts";
import { rows } from "../db/statement.ts";
import { type Check, type Finding, ok, problem } from "./finding.ts";
import {
  type DeclaredObject,
  declaredObjects,
  OBJECT_KINDS,
  objectKey,
  presentObjects,
} from "./schema-objects.ts";

/** Whether a current schema is also complete. */
export const schemaChecks = (db: Database): Check[] => [
  { name: "Schema objects", look: () => lookAtObjects(db) },
  { name: "Triggers", look: () => lookAtTriggers(db) },
];

/** If more objects are missing, only their number is reported: a dump may have been restored in part. */
const NAMED = 5;

async function lookAtObjects(db: Database): Promise<Finding | Finding[]> {
  const { unknown } = await migrationState(db);
  if (unknown.length > 0) return ok("not compared: a newer version has migrated the schema");
  const [declared, present] = await Promise.all([declaredObjects(), presentObjects(db.drizzle)]);
  const missing = missingObjects(declared, new Set(present.map(objectKey)));
  if (missing.length === 0)
    return ok(`all ${declared.length} objects of the migrations are there, from tables to triggers`);
  const left = missing.length - NAMED;
  return [
    ...missing.slice(0, NAMED).map((object) => missingFinding(object, db.schema)),
    ...(left > 0
      ? [
          problem(
            `${left} more objects of the schema are missing.`,
            "drizzle/schema.sql has the definition of each. Was a part of a dump restored?",
          ),
        ]
      : []),
  ];
}

/** The declared objects that are missing; for a missing table, without the objects that belong to it. */
export function missingObjects(
  declared: readonly DeclaredObject[],
  present: ReadonlySet<string>,
): DeclaredObject[] {
  const missing = declared.filter((object) => !present.has(objectKey(object)));
  const gone = new Set(missing.filter(({ on }) => on === null).map(({ name }) => name));
  return missing
    .filter(({ on }) => on === null || !gone.has(on))
    .sort((a, b) => OBJECT_KINDS.indexOf(a.kind) - OBJECT_KINDS.indexOf(b.kind));
}

function missingFinding({ kind, on, name, statement }: DeclaredObject, schema: string): Finding {
  const what =
    kind === "row-level security" ? `${kind} of ${name}` : `${kind} ${name}${on === null ? "" : ` on ${on}`}`;
  const found = `The ${what} is missing${kind === "index" ? " or invalid" : ""}.`;
  if (statement === null) return problem(found, `Create it again as drizzle/schema.sql has it. ${CAUSE}`);
  const first = kind === "index" ? `drop index if exists ${pg.escapeIdentifier(name)}; ` : "";
  return problem(
    found,
    `Run as the owner of the schema: set search_path = ${pg.escapeIdentifier(schema)}; ${first}${statement}; ${then(kind)}`,
  );
}

const CAUSE = "What it kept up to date may be wrong since it is gone: `commonwork ledger:verify`.";

/** What to do once the object is there again. */
const then = (kind: DeclaredObject["kind"]): string =>
  kind === "trigger" || kind === "constraint" ? `-- ${CAUSE}` : "";

async function lookAtTriggers(db: Database): Promise<Finding | Finding[]> {
  const found = await rows<{ name: string; statement: string }>(
    db.drizzle,
    sql`select format('%s on %s', t.tgname, c.relname) as name, format('alter table %s enable trigger %I', c.oid::regclass, t.tgname) as statement
        from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where c.relnamespace = to_regnamespace(quote_ident(current_schema())) and not t.tgisinternal and t.tgenabled in ('D', 'R')
        order by 1`,
  );
  if (found.length === 0) return ok("all enabled");
  return found.map(({ name, statement }) =>
    problem(
      `The trigger ${name} is disabled.`,
      `Run as the owner of the table: ${statement}. Then \`commonwork ledger:verify\`.`,
    ),
  );
}

import { roleNames } from "../db/roles.ts";
import { LIMIT_LOCKS } from "./host-triggers.ts";
import type { MirrorPlan } from "./plan.ts";
import { readGrants, tablesRead } from "./read-rights.ts";
import { installStatements } from "./triggers.ts";

/**
 * The SQL that `installMirror` runs on the host's tables, for their owner to read or to run, with the rights
 * that the service needs to read them. Each table has a transaction of its own, which gives up when a writer
 * keeps it waiting: other writers would wait behind it.
 */
export function installSql(schema: string, plan: MirrorPlan): string {
  const { table, sources } = plan;
  const statements = [
    ...readGrants(roleNames(schema).app, tablesRead(plan)),
    ...sources.flatMap((source) => [
      "begin",
      LIMIT_LOCKS,
      ...installStatements({ schema, mirror: table, source }),
      "commit",
    ]),
  ];
  return statements.map((statement) => `${statement};\n`).join("");
}

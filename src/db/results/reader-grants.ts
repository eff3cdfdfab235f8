import pg from "pg";
import { roleNames } from "../roles.ts";
import { READ_COLUMNS, READ_FUNCTIONS } from "./read-rights.ts";
import { RESULT_VIEWS } from "./views.ts";

/**
 * SQL that lets the reader of results read the views, and the columns that they read, since views run with
 * its rights. It can be run again.
 */
export function readerGrants({
  databaseSchema,
  resultsSchema,
}: {
  readonly databaseSchema: string;
  readonly resultsSchema: string;
}): string {
  const [tables, views, reader] = [databaseSchema, resultsSchema, roleNames(databaseSchema).reader].map(
    pg.escapeIdentifier,
  );
  const columns = Object.entries(READ_COLUMNS).map(
    ([table, names]) =>
      `grant select (${names.map(pg.escapeIdentifier).join(", ")}) on ${tables}.${table} to ${reader};`,
  );
  return `grant usage on schema ${tables}, ${views} to ${reader};
grant select on
  ${RESULT_VIEWS.map(({ name }) => `${views}.${name}`).join(",\n  ")} to ${reader};
${columns.join("\n")}
grant execute on function
  ${READ_FUNCTIONS.map((each) => `${tables}.${each}`).join(",\n  ")} to ${reader};
select ${tables}.apply_row_policies();
`;
}

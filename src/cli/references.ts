import { type ReferencedTable, resolveReference } from "../db/references.ts";
import type { Queryable } from "../db/statement.ts";
import { CliError } from "./terminal.ts";

/** What the help text of `--user-id` accepts. */
export const USER_ID_FORMS = "the host's id, or our id or public uuid where there is none";

const NOUNS: Partial<Record<ReferencedTable, string>> = {
  users: "user",
  organizations: "organization",
  projects: "project",
  meetings: "meeting",
  media: "media record",
  posts: "post",
};

/** Our id of the row that an option refers to. @throws CliError if there is none. */
export async function requireReference(
  on: Queryable,
  table: ReferencedTable,
  given: string,
): Promise<string> {
  const id = await resolveReference(on, table, given);
  if (id === null) throw new CliError(`There is no ${NOUNS[table] ?? table} ${given}.`);
  return id;
}

export const requireUserId = (on: Queryable, given: string): Promise<string> =>
  requireReference(on, "users", given);

import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { array } from "./statement.ts";

/** A range of user ids, `to` excluded, or a set of them. */
export const userScope = z.union([
  z.object({ from: z.string(), to: z.string() }),
  z.object({ ids: z.array(z.string()).readonly() }),
]);
export type UserScope = z.infer<typeof userScope>;

/** SQL: whether an id is in a scope. */
export const inUserScope = (id: SQL, scope: UserScope): SQL =>
  "ids" in scope
    ? sql`${id} = any(${array(scope.ids)}::bigint[])`
    : sql`${id} >= ${scope.from}::bigint and ${id} < ${scope.to}::bigint`;

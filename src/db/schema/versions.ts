import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { id, instant, ref } from "./columns.ts";

/**
 * Versions of computed lists. Rows of the lists carry the id of their version; readers read the one that is
 * served, while another is written beside it (src/db/versions.ts).
 */
export const listVersions = pgTable(
  "list_versions",
  {
    id: id(),
    /**
     * Which lists: pairs, compatibility, matches; or traits. The lists of matches do not carry their version.
     */
    area: text().notNull(),
    /** Version of the algorithm, such as MATCH_ALGO_VERSION. */
    algoVersion: integer().notNull(),
    /** The instant that the scores are computed for. */
    asOf: instant().notNull(),
    state: text({ enum: ["building", "served", "retired"] })
      .notNull()
      .default("building"),
    /** The run that writes it. No foreign key: runs are pruned earlier. */
    runId: ref(),
    /** How many of a list are served. Null: all. */
    servedLength: integer(),
    /**
     * Counts users who were placed in its lists: what was computed from lists that changed since is
     * computed again.
     */
    changes: integer().notNull().default(0),
    createdAt: instant().notNull().defaultNow(),
    servedAt: instant(),
  },
  (t) => [
    // readers: the version that is served, one for each area.
    uniqueIndex("list_versions_served").on(t.area).where(sql`state = 'served'`),
    // runs: the versions of an area.
    index("list_versions_area").on(t.area, t.state),
    check("list_versions_state", sql`state in ('building', 'served', 'retired')`),
    check("list_versions_algo", sql`algo_version > 0`),
  ],
);

import { sql } from "drizzle-orm";
import { bigint, customType, index, pgTable, text } from "drizzle-orm/pg-core";
import { id, instant } from "./columns.ts";

/** The id of a transaction, which never comes back. */
const xid8 = customType<{ data: string }>({ dataType: () => "xid8" });

/**
 * Changes of the results that change feeds serve, appended by triggers while any feed is open
 * (src/db/results/change-feeds.ts). A row with neither keys nor known ids means that everything of the source
 * may have changed.
 */
export const resultChanges = pgTable(
  "result_changes",
  {
    id: id(),
    xid: xid8().notNull().default(sql`pg_current_xact_id()`),
    /** The table, or the kind of rows, that the results are about. */
    source: text().notNull(),
    /** Our ids of the users, projects or posts concerned, at most 1,000. */
    keys: bigint({ mode: "bigint" }).array(),
    /** Former host ids of rows. */
    formerIds: text().array(),
    at: instant().notNull().default(sql`clock_timestamp()`),
  },
  (t) => [
    // changes: those behind a cursor, in the order of transactions.
    index("result_changes_order").on(t.xid, t.id),
  ],
);

/** The change feeds that are read. */
export const changeFeeds = pgTable("change_feeds", {
  feed: text().primaryKey(),
  openedAt: instant().notNull().defaultNow(),
  readAt: instant().notNull().defaultNow(),
});

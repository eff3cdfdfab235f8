import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  customType,
  date,
  doublePrecision,
  index,
  integer,
  pgTable,
  real,
  smallint,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { hostId, id, instant } from "./columns.ts";
import { userRef } from "./users.ts";

const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

/** An entry of a top-five list of a user: their favourite films. Filled by the host. */
export const top5Items = pgTable(
  "top5_items",
  {
    id: id(),
    hostId: hostId(),
    userId: userRef(),
    /** The topic of the list. */
    list: text().notNull(),
    position: integer().notNull(),
    text: text().notNull(),
    /** Set by a trigger. */
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // profile-search-index: the lists of a user.
    uniqueIndex("top5_items_user_list").on(t.userId, t.list, t.position),
  ],
);

/** Who may be found, and why others may not (searchable-user). */
export const searchableUsers = pgTable(
  "searchable_users",
  {
    userId: userRef().primaryKey(),
    searchable: boolean().notNull(),
    /** From 0 to 100. */
    completeness: smallint().notNull(),
    /** What prevents it, shown to the user: `no photo`, `short bio`. */
    reasons: text().array().notNull().default(sql`'{}'`),
    /** When any of these changed. */
    changedAt: instant().notNull(),
  },
  () => [check("searchable_users_reasons", sql`searchable = (cardinality(reasons) = 0)`)],
);

/** The search index of people (profile-search-index). Hidden attributes are left out. */
export const profileSearchIndex = pgTable(
  "profile_search_index",
  {
    userId: userRef().primaryKey(),
    /** As in `searchable_users`. */
    searchable: boolean().notNull().default(false),
    /** Folded words of the name. */
    names: text().notNull(),
    /** Folded words of the place. */
    place: text().notNull(),
    /** The words of all parts, and tags (src/scoring/people/search/search-tags.ts). */
    doc: tsvector().notNull(),
    /** Rank in the static order; smaller is earlier. */
    standing: real().notNull(),
    gender: text(),
    intent: text(),
    /** The age is computed at each search. */
    birthDate: date({ mode: "string" }),
    /** The cell of the grid. */
    latitude: doublePrecision(),
    longitude: doublePrecision(),
    /** Number of interests. */
    interests: integer().notNull(),
    subjectIds: bigint({ mode: "bigint" }).array().notNull().default(sql`'{}'`),
    traitIds: integer().array().notNull().default(sql`'{}'`),
    indexedAt: instant().notNull(),
  },
  (t) => [
    // every search: words, filters and bands of the static order, in one query.
    index("profile_search_index_doc").using("gin", t.doc).where(sql`searchable`),
  ],
);

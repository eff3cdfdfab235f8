import { bigint, boolean, index, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytes, id, instant } from "./columns.ts";

/** Which keys of a mirror's rows the host has changed. Appended by triggers on the host's tables. */
export const dirty = pgTable("dirty", {
  id: id(),
  mirror: text().notNull(),
  /** The host's table whose rows changed; null: the keys are those of the mirror itself. */
  source: text(),
  /** An array of texts; null: any row may have changed. */
  keys: jsonb(),
  at: instant().notNull().defaultNow(),
});

/** Our tables that mirror the host's rows. */
export const mirrors = pgTable("mirrors", {
  tableName: text().primaryKey(),
  /** The mapping file. */
  mapping: text().notNull(),
  /** The facts read from the catalogue when it was installed (src/connect/plan.ts). */
  plan: jsonb().notNull(),
  /** A resync in ranges: over the rows of the host, then over our own. Null: none. */
  resync: text({ enum: ["host", "own"] }),
  /** The last key of the range before. */
  resyncAfter: text(),
  resyncSince: instant(),
  /** Rows compared since `resync_after` was last null. */
  resyncRows: bigint({ mode: "number" }).notNull().default(0),
  /** Whether a resync may remove a large part of the mirror. */
  acceptsRemovals: boolean().notNull().default(false),
  /** Set if its select cannot be run, or would remove too many rows. Its changed keys stay recorded. */
  stoppedAt: instant(),
  stoppedBecause: text(),
  installedAt: instant().notNull().defaultNow(),
  /** Whether the host sends the rows as records. Such a mirror has no select and no mapping. */
  ofRecords: boolean().notNull().default(false),
});

/**
 * The versions of records that a host has sent, so that an older one never overwrites a newer one. A deleted
 * record keeps its version.
 */
export const recordVersions = pgTable(
  "record_versions",
  {
    mirror: text().notNull(),
    key: text().notNull(),
    version: bigint({ mode: "bigint" }).notNull(),
    /** A hash of the columns. Null: our table lacks the row, so the same version may be sent again. */
    hash: bytes(),
    deleted: boolean().notNull(),
  },
  // records: the known versions of the records of a call.
  (t) => [primaryKey({ columns: [t.mirror, t.key] })],
);

/** Records while they are written, or wait for the row that they refer to. */
export const pendingRecords = pgTable(
  "pending_records",
  {
    mirror: text().notNull(),
    key: text().notNull(),
    /** By name. References hold the host's ids. */
    columns: jsonb().notNull(),
  },
  // reconcile: the records of a mirror with some keys.
  (t) => [primaryKey({ columns: [t.mirror, t.key] })],
);

/** Rows of the host that refer to a row which is not mirrored yet. They are written once it is. */
export const mirrorWaiting = pgTable(
  "mirror_waiting",
  {
    mirror: text().notNull(),
    key: text().notNull(),
    /** The mirror and the key of the row that is missing. */
    needs: text().notNull(),
    needsKey: text().notNull(),
    /**
     * True if the row must not cause a nudge: it was removed with its parent, or the host sent it as a
     * backfill.
     */
    quiet: boolean().notNull().default(false),
  },
  (t) => [
    // reconcile: a row that was checked again.
    primaryKey({ columns: [t.mirror, t.key] }),
    // reconcile: the rows that wait for a new one.
    index("mirror_waiting_needs").on(t.needs, t.needsKey),
  ],
);

/** Rows of the host that our tables do not accept. The next change of the row tries it again. */
export const mirrorFaults = pgTable(
  "mirror_faults",
  {
    mirror: text().notNull(),
    key: text().notNull(),
    code: text().notNull(),
    constraintName: text(),
    /** The columns at fault, as far as they are known. */
    columnName: text(),
    /** The faults of these columns, without their values. */
    reason: text(),
    at: instant().notNull().defaultNow(),
  },
  // reconcile: a row that was accepted.
  (t) => [primaryKey({ columns: [t.mirror, t.key] })],
);

/** Hashes of the host's ids of erased users: a mirror does not write them again. */
export const erasedUsers = pgTable("erased_users", { hash: bytes().primaryKey() });

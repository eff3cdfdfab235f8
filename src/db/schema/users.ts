import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  numeric,
  pgTable,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { hostId, id, instant, knownIdIndex, micro, ref } from "./columns.ts";

/** Users of the host platform. Variables, API and CLI accept either id. */
export const users = pgTable(
  "users",
  {
    id: id(),
    hostId: hostId(),
    publicId: uuid().notNull().unique().defaultRandom(),
    name: text().notNull().default(""),
    email: text(),
    /** Null: the configured zone. */
    timeZone: text(),
    /** A BCP 47 tag. Unknown and null: English. */
    language: text(),
    lastActiveAt: instant(),
    /** Operators are notified of held commissions and the like. */
    isOperator: boolean().notNull().default(false),
    /** Set: the user has left or was locked out. They are not notified, mailed or matched. */
    deactivatedAt: instant(),
    createdAt: instant().notNull().defaultNow(),
    /** When the user was erased: no reference resolves to the row, and nothing is sent to it. */
    erasedAt: instant(),
  },
  (t) => [
    knownIdIndex("users_known_id", t),
    // matching: who is no candidate.
    index("users_deactivated").on(t.id).where(sql`deactivated_at is not null`),
    // sync-calendar: the user with an address.
    index("users_email").on(sql`lower(${t.email})`),
  ],
);

/** A reference to a user. Rows are deleted with the user. */
export const userRef = () =>
  ref()
    .notNull()
    .references(() => users.id, { onDelete: "cascade" });

/** An organization. Its budget periods end at midnight in its own zone. */
export const organizations = pgTable("organizations", {
  id: id(),
  hostId: hostId(),
  name: text().notNull(),
  timeZone: text(),
  budgetsFrom: instant().notNull().defaultNow(),
  /** Pools of this organization. Null: the configured default. */
  dailyPoolMicro: micro(),
  weeklyPoolMicro: micro(),
  monthlyPoolMicro: micro(),
});

/** A user who volunteers. */
export const volunteers = pgTable(
  "volunteers",
  {
    userId: ref()
      .primaryKey()
      .references(() => users.id),
    hostId: hostId(),
    /** Volunteers with hidden skills are left out of matching. */
    skillsVisible: boolean().notNull().default(true),
    /** Their exact position. No statement reads it. */
    latitude: doublePrecision(),
    longitude: doublePrecision(),
    /**
     * The cell that they are in: what scores, lists and explanations read (src/scoring/distance.ts). Written
     * by a trigger, which lets it change at most twice a day.
     */
    gridLatitude: doublePrecision(),
    gridLongitude: doublePrecision(),
    /** When the cell changed, the last two times. */
    gridMoves: instant().array().notNull().default(sql`'{}'`),
    /** Whether they have moved to another cell that does not count yet. */
    gridWaiting: boolean().notNull().default(false),
    /** Their availability, as free text. */
    availability: text(),
    createdAt: instant().notNull().defaultNow(),
  },
  (t) => [
    knownIdIndex("volunteers_known_id", { hostId: t.hostId, id: t.userId }),
    // calculate-matches: changes of location that waited.
    index("volunteers_waiting").on(t.userId).where(sql`grid_waiting`),
    check(
      "volunteers_place",
      sql`(latitude is null) = (longitude is null) and latitude between -90 and 90 and longitude between -180 and 180`,
    ),
  ],
);

/** A volunteer in one organization, with referrals, level and multiplier. */
export const volunteerProfiles = pgTable(
  "volunteer_profiles",
  {
    id: id(),
    hostId: hostId(),
    userId: ref()
      .notNull()
      .references(() => users.id),
    organizationId: ref()
      .notNull()
      .references(() => organizations.id),
    referrerId: ref().references((): AnyPgColumn => volunteerProfiles.id),
    /** The five nearest referrers, nearest first. A trigger updates it when referrer_id is written. */
    upline: bigint({ mode: "bigint" }).array().notNull().default(sql`'{}'`),
    referralCode: text().notNull(),
    createdAt: instant().notNull().defaultNow(),
    referredAt: instant(),
    level: integer().notNull().default(1),
    totalXp: integer().notNull().default(0),
    activityMultiplier: numeric({ precision: 5, scale: 2 }).notNull().default("1.0"),
    multiplierCalculatedAt: instant(),
    lastActivityAt: instant(),
    /** When the passing of time may next lower the multiplier. Null at the floor. */
    multiplierDueAt: instant(),
  },
  (t) => [
    knownIdIndex("volunteer_profiles_known_id", t),
    uniqueIndex("volunteer_profiles_user_organization").on(t.userId, t.organizationId),
    uniqueIndex("volunteer_profiles_referral_code").on(t.referralCode),
    // the direct referrals of a profile: referral tree, upline maintenance, multipliers and budgets (which
    // read the index alone).
    index("volunteer_profiles_referrer").on(t.referrerId, t.id),
    // budgets and multipliers: the profiles of an organization.
    index("volunteer_profiles_organization").on(t.organizationId, t.id),
    check("volunteer_profiles_level", sql`level >= 1`),
    check("volunteer_profiles_code", sql`referral_code ~ '^[A-Z0-9]{8}$'`),
    check("volunteer_profiles_upline_depth", sql`cardinality(upline) <= 5`),
  ],
);

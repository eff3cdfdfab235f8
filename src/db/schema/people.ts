import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  real,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { hostId, id, instant, knownIdIndex, ref } from "./columns.ts";
import { userRef } from "./users.ts";

// The host's data about people, and their ratings of each other. No job writes these tables. Implausible
// values (latitude 999, a birth in 2099) are stored as they are and count as missing.

/** Set by a trigger, unless an update sets it itself. */
const updatedAt = () => instant().notNull().defaultNow();

/** The profile of a user. Users without one are on nobody's lists and have none. */
export const profiles = pgTable(
  "profiles",
  {
    userId: userRef().primaryKey(),
    hostId: hostId(),
    bio: text().notNull().default(""),
    birthDate: date({ mode: "string" }),
    gender: text(),
    /** What they look for, such as friendship. */
    intent: text(),
    /** Their place as text. */
    locationText: text(),
    /** Their exact position. No statement reads it. */
    latitude: doublePrecision(),
    longitude: doublePrecision(),
    /** As in `volunteers`: the cell that scores, lists and search read, which a trigger writes. */
    gridLatitude: doublePrecision(),
    gridLongitude: doublePrecision(),
    gridMoves: instant().array().notNull().default(sql`'{}'`),
    gridWaiting: boolean().notNull().default(false),
    avatarMediaId: ref(),
    /** Eight numbers that the host's quizzes give; compared where two people have too few common traits. */
    quizVector: doublePrecision().array(),
    /** Names of columns that are hidden from others: search neither filters by them nor shows them. */
    hiddenAttributes: text().array().notNull().default(sql`'{}'`),
    visible: boolean().notNull().default(true),
    banned: boolean().notNull().default(false),
    deletedAt: instant(),
    createdAt: instant().notNull().defaultNow(),
    /** Newness counts from here. */
    updatedAt: updatedAt(),
  },
  (t) => [
    // match-scores: changes of location that waited.
    index("profiles_waiting").on(t.userId).where(sql`grid_waiting`),
    // media-orphan-cleanup: whether a profile shows a picture.
    index("profiles_avatar").on(t.avatarMediaId).where(sql`avatar_media_id is not null`),
  ],
);

/** Whom a user wants to meet. A null or an empty list is no preference. */
export const profilePreferences = pgTable("profile_preferences", {
  userId: userRef().primaryKey(),
  hostId: hostId(),
  genders: text().array().notNull().default(sql`'{}'`),
  ageMin: integer(),
  ageMax: integer(),
  distanceKm: doublePrecision(),
  updatedAt: updatedAt(),
});

/** The subjects of interests: music, sports. */
export const interestSubjects = pgTable(
  "interest_subjects",
  {
    id: id(),
    hostId: hostId(),
    key: text().notNull().unique(),
    label: text().notNull(),
    updatedAt: updatedAt(),
  },
  (t) => [knownIdIndex("interest_subjects_known_id", t)],
);

/** An interest of one subject. */
export const interests = pgTable(
  "interests",
  {
    id: id(),
    hostId: hostId(),
    subjectId: ref()
      .notNull()
      .references(() => interestSubjects.id, { onDelete: "cascade" }),
    key: text().notNull(),
    label: text().notNull(),
    updatedAt: updatedAt(),
  },
  (t) => [
    knownIdIndex("interests_known_id", t),
    // the interest with a key; the interests of a subject.
    uniqueIndex("interests_subject_key").on(t.subjectId, t.key),
  ],
);

/** A reference to an interest. Rows are deleted with it. */
export const interestRef = () =>
  ref()
    .notNull()
    .references(() => interests.id, { onDelete: "cascade" });

/** The interests of a user. */
export const userInterests = pgTable(
  "user_interests",
  {
    id: id(),
    hostId: hostId(),
    userId: userRef(),
    interestId: interestRef(),
    updatedAt: updatedAt(),
  },
  (t) => [
    // the interests of a user.
    uniqueIndex("user_interests_user_interest").on(t.userId, t.interestId),
    // an interest that is deleted; user-interest-sets.
    index("user_interests_interest").on(t.interestId, t.userId),
  ],
);

/** An answer option, and the traits of those who choose it: `{"openness": 7}`, from -10 to 10. */
export const quizOptions = pgTable("quiz_options", {
  id: id(),
  hostId: hostId(),
  /** The host's id of the question. */
  questionId: text().notNull(),
  traitValues: jsonb().notNull().default({}),
  updatedAt: updatedAt(),
});

/** The option that a user chose. */
export const quizAnswers = pgTable(
  "quiz_answers",
  {
    id: id(),
    hostId: hostId(),
    userId: userRef(),
    /** The host's ids of the quiz and the question. */
    quizId: text().notNull(),
    questionId: text().notNull(),
    optionId: ref()
      .notNull()
      .references(() => quizOptions.id, { onDelete: "cascade" }),
    updatedAt: updatedAt(),
  },
  (t) => [
    // build-user-traits: the answers of a range of users.
    uniqueIndex("quiz_answers_user_option").on(t.userId, t.quizId, t.questionId, t.optionId),
    // an option that is deleted.
    index("quiz_answers_option").on(t.optionId),
  ],
);

/** A user's ratings of another one, each from 0 to 5. Shown to nobody, including the rated person. */
export const profileRatings = pgTable(
  "profile_ratings",
  {
    id: id(),
    hostId: hostId(),
    raterId: userRef(),
    ratedId: userRef(),
    attractive: real().notNull(),
    smart: real().notNull(),
    funny: real().notNull(),
    interesting: real().notNull(),
    updatedAt: updatedAt(),
  },
  (t) => [
    // match-scores: the ratings that a user gave.
    uniqueIndex("profile_ratings_rater_rated").on(t.raterId, t.ratedId),
    // match-scores: the ratings that a user received.
    index("profile_ratings_rated").on(t.ratedId),
  ],
);

/** A block: neither of the two users sees the other. */
export const userBlocks = pgTable(
  "user_blocks",
  {
    id: id(),
    hostId: hostId(),
    blockerId: userRef(),
    blockedId: userRef(),
    updatedAt: updatedAt(),
  },
  (t) => [
    // whom a user blocked.
    uniqueIndex("user_blocks_blocker_blocked").on(t.blockerId, t.blockedId),
    // who blocked a user.
    index("user_blocks_blocked").on(t.blockedId, t.blockerId),
  ],
);

/** A user's request to see the whole profile of another one. */
export const profileAccess = pgTable(
  "profile_access",
  {
    id: id(),
    hostId: hostId(),
    ownerId: userRef(),
    viewerId: userRef(),
    status: text({ enum: ["pending", "granted", "denied"] })
      .notNull()
      .default("pending"),
    updatedAt: updatedAt(),
  },
  (t) => [
    // compatibility: who asked a user, or may see them.
    uniqueIndex("profile_access_owner_viewer").on(t.ownerId, t.viewerId),
    // compatibility: whom a user asked.
    index("profile_access_viewer").on(t.viewerId, t.ownerId),
    // feed-presort: whom a user follows, and who follows them, from the index alone.
    index("profile_access_following").on(t.viewerId, t.ownerId).where(sql`status = 'granted'`),
    index("profile_access_followers").on(t.ownerId, t.viewerId).where(sql`status = 'granted'`),
    check("profile_access_status", sql`status in ('pending', 'granted', 'denied')`),
  ],
);

/** Two users who like each other. */
export const userMatches = pgTable(
  "user_matches",
  {
    id: id(),
    hostId: hostId(),
    userId: userRef(),
    otherId: userRef(),
    updatedAt: updatedAt(),
  },
  (t) => [
    // compatibility: the matches of a user, in either column.
    uniqueIndex("user_matches_user_other").on(t.userId, t.otherId),
    index("user_matches_other").on(t.otherId, t.userId),
  ],
);

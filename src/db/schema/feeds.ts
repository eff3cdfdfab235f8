import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { bytes, hostId, id, instant, knownIdIndex, ref } from "./columns.ts";
import { userRef } from "./users.ts";

const VISIBILITY = { enum: ["public", "private"] as const };
const CONTENT_TYPES = { enum: ["text", "photo", "video", "poll"] as const };

/** Posts of users. The host fills this table and the next two. */
export const posts = pgTable(
  "posts",
  {
    id: id(),
    hostId: hostId(),
    authorId: userRef(),
    /** A private post is seen by its author and by those whom the author lets see the profile. */
    visibility: text(VISIBILITY).notNull().default("public"),
    contentType: text(CONTENT_TYPES).notNull().default("text"),
    body: text().notNull().default(""),
    createdAt: instant().notNull().defaultNow(),
    /** Set: nobody sees it. */
    hiddenAt: instant(),
    deletedAt: instant(),
    /** A trigger sets it. */
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    knownIdIndex("posts_known_id", t),
    // feeds: the newest posts of an author. Erasing one.
    index("posts_author").on(t.authorId, t.createdAt.desc(), t.id.desc()),
    // content-features, trending: the posts of some days.
    index("posts_created").on(t.createdAt),
    check("posts_visibility", sql`visibility in ('public', 'private')`),
    check("posts_content_type", sql`content_type in ('text', 'photo', 'video', 'poll')`),
  ],
);

const postRef = () =>
  ref()
    .notNull()
    .references(() => posts.id, { onDelete: "cascade" });

/** Pictures and clips of posts. */
export const postMedia = pgTable(
  "post_media",
  {
    id: id(),
    hostId: hostId(),
    postId: postRef(),
    /** A row of `media`, which may come later. */
    mediaId: ref().notNull(),
    /** Order within the post. */
    position: smallint().notNull().default(0),
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // content-features: the media of a post.
    uniqueIndex("post_media_post").on(t.postId, t.mediaId),
    // the posts that a medium is attached to.
    index("post_media_media").on(t.mediaId),
  ],
);

/** What users did with posts and with each other: the function record_engagement writes it. */
export const engagementEvents = pgTable(
  "engagement_events",
  {
    id: id(),
    /** The idempotency key. */
    hostId: hostId(),
    userId: userRef(),
    targetKind: text({ enum: ["post", "user"] }).notNull(),
    /** A post or a user. No foreign key: events of deleted posts count for nobody. */
    targetId: ref().notNull(),
    kind: text({ enum: ["like", "comment", "share", "message", "profile_view", "hide"] }).notNull(),
    occurredAt: instant().notNull(),
    takenBackAt: instant(),
    updatedAt: instant().notNull().defaultNow(),
  },
  (t) => [
    // trending: the events of a post, and whether a user engaged with it before.
    index("engagement_events_post").on(t.targetId, t.userId).where(sql`target_kind = 'post'`),
    // affinity: what a user did lately.
    index("engagement_events_user").on(t.userId, t.occurredAt),
    // affinity: events since the last run. Deleting a user: views of their profile.
    index("engagement_events_updated").using("brin", t.updatedAt),
    index("engagement_events_target_user").on(t.targetId).where(sql`target_kind = 'user'`),
    // feeds: what a user has hidden.
    index("engagement_events_hidden").on(t.userId, t.targetId).where(sql`kind = 'hide'`),
    check("engagement_events_target", sql`target_kind in ('post', 'user')`),
    check(
      "engagement_events_kind",
      sql`kind in ('like', 'comment', 'share', 'message', 'profile_view', 'hide')`,
    ),
  ],
);

/** The items of their feeds that users have seen in the last 24 hours. */
export const feedSeen = pgTable(
  "feed_seen",
  {
    userId: userRef(),
    kind: text({ enum: ["post", "suggestion", "question"] }).notNull(),
    /** A post, a user, or the first option of a question. */
    itemId: ref().notNull(),
    seenAt: instant().notNull(),
  },
  (t) => [
    // feeds: what a user has seen.
    primaryKey({ columns: [t.userId, t.kind, t.itemId] }),
    // feed-presort-cleanup.
    index("feed_seen_seen").on(t.seenAt),
    // the users who saw a user who is erased.
    index("feed_seen_suggestion").on(t.itemId).where(sql`kind = 'suggestion'`),
    check("feed_seen_kind", sql`kind in ('post', 'suggestion', 'question')`),
  ],
);

/** The topics and the quality of posts (content-features). */
export const postFeatures = pgTable("post_features", {
  postId: postRef().primaryKey(),
  topics: text().array().notNull(),
  /** From 0 to 1. */
  quality: doublePrecision().notNull(),
  /** ISO 639-1; null if it cannot be detected from the text. */
  language: text(),
  algoVersion: text().notNull(),
  computedAt: instant().notNull(),
});

/**
 * Engagement with posts by forward decay (src/scoring/feeds/trend.ts): a trigger of engagement_events keeps
 * the first part, in O(1) per event. The job `trending` writes the rest and deletes what has ended.
 */
export const trendingScores = pgTable(
  "trending_scores",
  {
    postId: postRef().primaryKey(),
    /** When the post was created; `grown` refers to it. */
    landmark: instant().notNull(),
    /** Sum of w x 2^((t - landmark) / 12 h). */
    grown: doublePrecision().notNull().default(0),
    likes: integer().notNull().default(0),
    comments: integer().notNull().default(0),
    shares: integer().notNull().default(0),
    /** Distinct people. */
    actors: integer().notNull().default(0),
    /** The order of posts at any time; null while fewer than 5 people engaged. */
    lhot: doublePrecision(),
    /** 48 hours after the post. */
    expiresAt: instant().notNull(),
    /** When an event changed it. */
    changedAt: instant().notNull().defaultNow(),
    /** As of `computed_at`. */
    popularity: doublePrecision(),
    velocity: doublePrecision(),
    /** The hour with the most engagement. */
    peakTime: instant(),
    computedAt: instant(),
  },
  (t) => [
    // what trends, best first.
    index("trending_scores_lhot").on(t.lhot.desc(), t.postId).where(sql`lhot is not null`),
  ],
);

/** The affinities of users (affinity). */
export const userAffinityProfiles = pgTable(
  "user_affinity_profiles",
  {
    userId: userRef().primaryKey(),
    /** Largest share first; shares are parts of the whole. */
    creatorIds: bigint({ mode: "number" }).array().notNull(),
    creatorShares: doublePrecision().array().notNull(),
    topics: text().array().notNull(),
    topicShares: doublePrecision().array().notNull(),
    /** Shares by content type. */
    contentTypes: jsonb().notNull(),
    /** Events per day. */
    engagementVelocity: doublePrecision().notNull(),
    explorationFactor: doublePrecision().notNull(),
    algoVersion: text().notNull(),
    computedAt: instant().notNull(),
  },
  (t) => [
    // affinity: users who were last computed a day ago, since the weights decay.
    index("user_affinity_profiles_computed").on(t.computedAt),
    check(
      "user_affinity_profiles_sizes",
      sql`cardinality(creator_shares) = cardinality(creator_ids) and cardinality(topic_shares) = cardinality(topics)`,
    ),
  ],
);

/** Feeds in order (feed-presort). One row is one version of a user's feed; cursors name it. */
export const feedPresorted = pgTable(
  "feed_presorted",
  {
    id: id(),
    userId: userRef(),
    /** src/scoring/feeds/pack-feed.ts: ids and the parts of scores, no text. Stored without compression. */
    items: bytes().notNull(),
    segmentSize: smallint().notNull(),
    maxSegments: smallint().notNull(),
    /** The instant that the order was computed for. */
    computedAt: instant().notNull(),
    algoVersion: text().notNull(),
    /** Later items are not in it. */
    watermark: instant().notNull(),
    /** When a read recomputes it. */
    expiresAt: instant().notNull(),
    /**
     * When another version took its place; it is kept for half an hour, for sessions that page through it.
     */
    replacedAt: instant(),
  },
  (t) => [
    // the feed of a user.
    uniqueIndex("feed_presorted_current").on(t.userId).where(sql`replaced_at is null`),
    // feed-presort-cleanup; all versions of a user who is deleted.
    index("feed_presorted_user").on(t.userId),
    index("feed_presorted_replaced").on(t.replacedAt).where(sql`replaced_at is not null`),
    index("feed_presorted_expires").on(t.expiresAt).where(sql`replaced_at is null`),
    check("feed_presorted_segments", sql`segment_size between 1 and 100 and max_segments between 1 and 20`),
  ],
);

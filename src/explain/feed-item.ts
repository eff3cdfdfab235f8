import { sql } from "drizzle-orm";
import { hostInstant } from "../db/instants.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { readSeen } from "../feeds/served.ts";
import { keyOf } from "../feeds/session.ts";
import { readCurrentFeeds, type StoredFeed } from "../feeds/stored-feeds.ts";
import { isReadableBy, isShownTo } from "../feeds/visibility.ts";
import { formatInstant } from "../format-instant.ts";
import { isId } from "../ids.ts";
import { FEED_WEIGHTS, type FeedTerms, feedTerms } from "../scoring/feeds/feed-score.ts";
import { type FeedItem, type FeedPost, type FeedSource, sessionOrder } from "../scoring/feeds/merge-order.ts";
import { type Explanation, mismatches, rowOf, type Step, step } from "./explanation.ts";

/** A post, a user, and the facts that decide whether they see it. */
type Facts = {
  readonly isShown: boolean;
  readonly createdAt: string;
  /** Null: the features are newer than the feed, or there are none. */
  readonly quality: number | null;
};

/**
 * Explains the rank of the post in `<userId>:<postId>` in the user's feed: the terms of its score as of now,
 * and its rank among the posts, suggestions and questions of a session that begins now.
 */
export async function explainFeedItem(on: Queryable, id: string): Promise<Explanation | undefined> {
  const [userId = "", postId = "", ...rest] = id.split(":");
  if (!isId(userId) || !isId(postId) || rest.length > 0) return undefined;
  const [stored] = await readCurrentFeeds(on, [userId]);
  const facts = await readFacts(on, userId, postId, stored ?? null);
  if (facts === undefined) return undefined;
  const post = stored?.feed.posts.find((one) => one.id === Number(postId));
  const faults = post && facts.quality !== null ? mismatches([["quality", post.quality, facts.quality]]) : [];
  const steps = facts.isShown
    ? []
    : [
        step(
          "shown",
          "no: the post or its author is hidden, gone or blocked, or the user has hidden one of them",
        ),
      ];
  return {
    kind: "feed",
    id,
    title: `Post ${rowOf("posts", postId)} in the feed of user ${rowOf("users", userId)}`,
    agrees: faults.length === 0,
    faults: faults.map((fault) => `${fault}; the next run of feed-presort will update it`),
    steps: [...steps, ...(stored && post ? await rankSteps(on, stored, post) : [whyAbsent(stored, facts)])],
    ownerUserId: userId,
  };
}

async function readFacts(
  on: Queryable,
  userId: string,
  postId: string,
  stored: StoredFeed | null,
): Promise<Facts | undefined> {
  const [found] = await rows<Facts>(
    on,
    sql`select ${isShownTo(userId)} and ${isReadableBy(userId)} as "isShown", p.created_at as "createdAt",
               case when f.computed_at < ${stored?.computedAt ?? null}::timestamptz then f.quality end as quality
        from posts p join users u on u.id = p.author_id left join post_features f on f.post_id = p.id
        where p.id = ${postId} and exists (select 1 from users v where v.id = ${userId} and v.erased_at is null)`,
  );
  return found;
}

const SOURCE_TEXTS: Readonly<Record<FeedSource, string>> = {
  own: "the user wrote it",
  following: "the user follows its author",
  followers: "its author follows the user",
  friends: "its author is on the user's match list and shares an interest; it trends",
};

async function rankSteps(
  on: Queryable,
  { userId, feed, computedAt }: StoredFeed,
  post: FeedPost,
): Promise<Step[]> {
  const now = new Date();
  const seen = await readSeen(on, userId, feed, now);
  const isSeen = (item: FeedItem) => seen.has(keyOf(item));
  const terms = feedTerms(post, now.getTime(), isSeen({ kind: "post", id: post.id }));
  const order = sessionOrder(feed, now.getTime(), isSeen);
  const rank = order.findIndex(({ kind, id }) => kind === "post" && id === post.id) + 1;
  return [
    step("source", SOURCE_TEXTS[post.source]),
    ...termSteps(post, terms),
    step(
      "rank",
      `${rank} of ${order.length}, as of now; the feed was computed at ${formatInstant(computedAt)}`,
    ),
  ];
}

const rounded = (n: number): string => String(Math.round(n * 10_000) / 10_000);

function termSteps({ newer }: FeedPost, terms: FeedTerms): Step[] {
  const { recency, affinity, quality } = FEED_WEIGHTS;
  const sum = `${recency} x ${rounded(terms.recency)} + ${affinity} x ${rounded(terms.affinity)} + ${quality} x ${rounded(terms.quality)}`;
  return [
    step("recency", `min(1, 1 / ln(2 + hours)) = ${rounded(terms.recency)}`),
    step(
      "affinity",
      `shares of its author and its topics in what the user is drawn to = ${rounded(terms.affinity)}`,
    ),
    step("quality", `length and media = ${rounded(terms.quality)}`),
    step("diversity", `${newer} newer posts of its author: x ${terms.diversity}`),
    step("seen", terms.isSeen ? `in the last 24 hours: ${FEED_WEIGHTS.seen}` : "not in the last 24 hours"),
    step(
      "score",
      `${terms.diversity} x (${sum})${terms.isSeen ? ` - ${-FEED_WEIGHTS.seen}` : ""} = ${rounded(terms.score)}`,
    ),
  ];
}

function whyAbsent(stored: StoredFeed | undefined, { createdAt }: Facts): Step {
  if (stored === undefined) return step("rank", "none: the user's feed has not been computed");
  if (hostInstant(createdAt) > stored.computedAt)
    return step("rank", "none: it was written after the feed was computed");
  return step(
    "rank",
    "none: it is older than seven days, its author is not related to the user or wrote three newer posts, or better posts filled the feed",
  );
}

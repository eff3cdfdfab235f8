import { describe, expect, it } from "vitest";
import {
  FEED_LIMITS,
  type Feed,
  type FeedCandidate,
  type FeedItem,
  isSameFeed,
  orderPosts,
  SOURCES,
  sessionOrder,
} from "../../../src/scoring/feeds/merge-order.ts";
import { packFeed, unpackFeed } from "../../../src/scoring/feeds/pack-feed.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const AS_OF = Date.parse("2026-06-10T00:00:00Z");

const post = (id: number, fields: Partial<FeedCandidate> = {}): FeedCandidate => ({
  id,
  authorId: 1_000 + id,
  source: "following",
  createdAt: AS_OF - id * HOUR,
  affinity: 0,
  quality: 0,
  trend: null,
  ...fields,
});

const many = (
  count: number,
  fields: (n: number) => Partial<FeedCandidate> = () => ({}),
  from = 1,
): FeedCandidate[] => Array.from({ length: count }, (_, n) => post(from + n, fields(n)));

const idsOf = (posts: readonly { readonly id: number }[]) => posts.map(({ id }) => id);

describe("orderPosts", () => {
  it("is best first, equal scores by id", () => {
    const at = AS_OF - 5 * HOUR;
    const posts = [
      post(3, { createdAt: at }),
      post(1, { createdAt: at }),
      post(2, { createdAt: at, quality: 1 }),
    ];
    expect(idsOf(orderPosts(posts, AS_OF))).toEqual([2, 1, 3]);
  });

  it("takes the three newest of an author, each counting half as much as the one before", () => {
    const posts = orderPosts(
      many(5, () => ({ authorId: 7 })),
      AS_OF,
    );
    expect(posts.map(({ id, newer }) => [id, newer])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
  });

  it("takes the 50 newest posts of people whom the user follows and the 30 newest of followers", () => {
    const posts = [...many(60), ...many(40, () => ({ source: "followers" as const }), 101)];
    expect(idsOf(orderPosts(posts, AS_OF)).sort((a, b) => a - b)).toEqual([
      ...idsOf(many(50)),
      ...idsOf(many(30, () => ({}), 101)),
    ]);
  });

  it("leaves out posts older than seven days or from the future, and friends' posts that do not trend", () => {
    const kept = post(1);
    const others = [
      post(2, { createdAt: AS_OF - 7 * DAY }),
      post(3, { createdAt: AS_OF + 1 }),
      post(4, { createdAt: Date.parse("2099-01-01T00:00:00Z") }),
      post(5, { createdAt: Date.parse("0000-01-01T00:00:00Z") }),
      post(6, { source: "friends" }),
      post(7, { source: "friends", trend: 9, createdAt: AS_OF - 2 * DAY }),
    ];
    expect(idsOf(orderPosts([kept, ...others], AS_OF))).toEqual([1]);
    expect(orderPosts([post(8, { source: "friends", trend: 9 })], AS_OF)).toHaveLength(1);
  });

  it("fills up to 500 candidates with the posts of friends that trend most", () => {
    const friends = many(520, (n) => ({ source: "friends" as const, createdAt: AS_OF - HOUR, trend: n }));
    const posts = orderPosts(friends, AS_OF);
    expect(posts).toHaveLength(FEED_LIMITS.stored);
    expect(Math.min(...idsOf(posts))).toBe(21);
  });
});

const feedOf = (fields: Partial<Feed>): Feed => ({
  posts: [],
  suggestions: [],
  questions: [],
  ...fields,
});
const unseen = () => false;

describe("sessionOrder", () => {
  it("puts a suggestion at every fifth place and a question at every twentieth", () => {
    const feed = feedOf({
      posts: orderPosts(many(40), AS_OF),
      suggestions: [902, 901],
      questions: [801],
    });
    const order = sessionOrder(feed, AS_OF, unseen);
    expect(order).toHaveLength(43);
    expect(order[4]).toEqual({ kind: "suggestion", id: 902 });
    expect(order[9]).toEqual({ kind: "suggestion", id: 901 });
    expect(order[14]).toEqual({ kind: "post", id: 13 });
    expect(order[19]).toEqual({ kind: "question", id: 801 });
  });

  // Named regression 1: five items are enough for a feed.
  it("shows everything there is, however little", () => {
    const feed = feedOf({ posts: orderPosts(many(3), AS_OF), questions: [801], suggestions: [9] });
    expect(sessionOrder(feed, AS_OF, unseen)).toHaveLength(5);
    expect(sessionOrder(feedOf({ questions: [801] }), AS_OF, unseen)).toEqual([
      { kind: "question", id: 801 },
    ]);
    expect(sessionOrder(feedOf({}), AS_OF, unseen)).toEqual([]);
  });

  it("seen items rank lower", () => {
    const posts = orderPosts(many(4), AS_OF);
    const order = sessionOrder(feedOf({ posts }), AS_OF, ({ id }) => id === 1);
    expect(idsOf(order)).toEqual([2, 3, 1, 4]);
    const others = feedOf({ suggestions: [7, 8], questions: [1, 2] });
    expect(idsOf(sessionOrder(others, AS_OF, ({ id }) => id === 7 || id === 1))).toEqual([8, 7, 2, 1]);
  });

  it("leaves out posts that have become too old since they were stored", () => {
    const posts = orderPosts([post(1), post(2, { source: "friends", trend: 1 })], AS_OF);
    expect(idsOf(sessionOrder(feedOf({ posts }), AS_OF + 2 * DAY, unseen))).toEqual([1]);
    expect(sessionOrder(feedOf({ posts }), AS_OF + 7 * DAY, unseen)).toEqual([]);
  });

  it("suggests no author of one of the posts", () => {
    const posts = orderPosts(many(2), AS_OF);
    const suggestions = [1_001, 5];
    expect(
      sessionOrder(feedOf({ posts, suggestions }), AS_OF, unseen).map(({ kind, id }) => `${kind} ${id}`),
    ).toEqual(["post 1", "post 2", "suggestion 5"]);
  });

  it("contains each item once", () => {
    const order: readonly FeedItem[] = sessionOrder(
      feedOf({
        posts: orderPosts(many(50), AS_OF),
        suggestions: Array.from({ length: 50 }, (_, n) => 5_000 + n),
        questions: [1, 2, 3, 4, 5],
      }),
      AS_OF,
      ({ id }) => id % 3 === 0,
    );
    expect(new Set(order.map(({ kind, id }) => `${kind} ${id}`)).size).toBe(105);
  });
});

describe("packFeed", () => {
  it("is read back as it was", () => {
    const feed = feedOf({
      posts: orderPosts(
        many(7, (n) => ({
          source: SOURCES[n % 4]!,
          affinity: Math.PI / 4,
          trend: 1,
          authorId: 2 ** 53 - 1 - n,
        })),
        AS_OF,
      ),
      suggestions: [2 ** 52],
      questions: [5, 6],
    });
    expect(unpackFeed(packFeed(feed))).toEqual(feed);
    expect(unpackFeed(packFeed(feedOf({})))).toEqual(feedOf({}));
  });

  it("bytes that are cut off are an error, not a shorter feed", () => {
    const bytes = packFeed(feedOf({ posts: orderPosts(many(2), AS_OF) }));
    expect(() => unpackFeed(bytes.subarray(0, bytes.length - 1))).toThrow(RangeError);
  });
});

describe("isSameFeed", () => {
  const feed = feedOf({ posts: orderPosts(many(5), AS_OF), suggestions: [9], questions: [1, 2] });

  it("is true for the same items and parts of scores, whatever order of posts time has produced", () => {
    expect(isSameFeed(feed, { ...feed, posts: feed.posts.toReversed() })).toBe(true);
  });

  it("is false with another post, quality, suggestion or question", () => {
    const [first, ...others] = feed.posts;
    for (const other of [
      { posts: others },
      { posts: [{ ...first!, quality: 0.1 }, ...others] },
      { posts: [{ ...first!, newer: 1 }, ...others] },
      { suggestions: [] },
      { suggestions: [8] },
      { questions: [2, 1] },
    ])
      expect(isSameFeed(feed, { ...feed, ...other })).toBe(false);
  });
});

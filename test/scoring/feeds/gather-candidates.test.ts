import { describe, expect, it } from "vitest";
import {
  gatherFeedCandidates,
  type IndexedPost,
  indexPosts,
  type Relations,
  type Taste,
} from "../../../src/scoring/feeds/gather-candidates.ts";

const HOUR = 3_600_000;
const AT = Date.parse("2026-06-10T00:00:00Z");

const post = (id: number, authorId: number, fields: Partial<IndexedPost> = {}): IndexedPost => ({
  id,
  authorId,
  createdAt: AT - id * HOUR,
  isPublic: true,
  quality: 0.5,
  topics: [],
  trend: null,
  ...fields,
});

const gather = (posts: readonly IndexedPost[], relations: Partial<Relations>, taste: Partial<Taste> = {}) =>
  gatherFeedCandidates(
    1,
    { following: [], followers: [], friends: [], blocked: [], ...relations },
    indexPosts(posts),
    { creators: new Map(), topics: new Map(), ...taste },
  );

describe("gatherCandidates", () => {
  it("takes the posts of the user and of everybody related, by the first relation that is true", () => {
    const posts = [1, 2, 3, 4, 5].map((author) => post(author, author, { trend: 1 }));
    const found = gather(posts, { following: [2], followers: [2, 3], friends: [3, 4, 1] });
    expect(found.map(({ id, source }) => [id, source])).toEqual([
      [1, "own"],
      [2, "following"],
      [3, "followers"],
      [4, "friends"],
    ]);
  });

  it("takes nothing of people blocked, whatever else they are", () => {
    expect(gather([post(1, 2)], { following: [2], followers: [2], friends: [2], blocked: [2] })).toEqual([]);
  });

  it("takes the three newest that may be shown: private ones of people whom the user follows, of friends what trends", () => {
    const posts = [
      post(1, 2, { isPublic: false }),
      post(2, 2),
      post(3, 2, { trend: 5 }),
      post(4, 2, { isPublic: false, trend: 6 }),
      post(5, 2, { trend: 7 }),
      post(6, 2),
    ];
    const shuffled = [posts[3]!, posts[0]!, posts[5]!, posts[2]!, posts[4]!, posts[1]!];
    const idsFor = (relations: Partial<Relations>) => gather(shuffled, relations).map(({ id }) => id);
    expect(idsFor({ following: [2] })).toEqual([1, 2, 3]);
    expect(idsFor({ followers: [2] })).toEqual([2, 3, 5]);
    expect(idsFor({ friends: [2] })).toEqual([3, 5]);
  });

  it("scores by the shares of author and topics", () => {
    const taste = { creators: new Map([[2, 0.5]]), topics: new Map([["garden", 0.25]]) };
    const [found] = gather([post(1, 2, { topics: ["garden", "chess"] })], { following: [2] }, taste);
    expect(found).toEqual({
      id: 1,
      authorId: 2,
      source: "following",
      createdAt: AT - HOUR,
      affinity: 0.75,
      quality: 0.5,
      trend: null,
    });
  });
});

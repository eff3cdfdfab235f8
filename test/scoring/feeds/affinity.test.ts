import { describe, expect, it } from "vitest";
import {
  type AffinityEvent,
  affinityOf,
  amountOf,
  postAffinity,
} from "../../../src/scoring/feeds/affinity.ts";

const DAY = 86_400_000;
const AS_OF = Date.parse("2026-06-01T00:00:00Z");

const event = (fields: Partial<AffinityEvent>, daysAgo = 0): AffinityEvent => ({
  kind: "like",
  at: AS_OF - daysAgo * DAY,
  creatorId: 1,
  topics: [],
  contentType: "text",
  ...fields,
});

describe("affinityOf", () => {
  it("weighs an event by the mean of a half-life of a day and one of 30 days", () => {
    expect(amountOf({ kind: "comment", at: AS_OF }, AS_OF)).toBe(4);
    expect(amountOf({ kind: "like", at: AS_OF - DAY }, AS_OF)).toBeCloseTo((0.5 + 2 ** (-1 / 30)) / 2, 12);
    expect(amountOf({ kind: "hide", at: AS_OF - 30 * DAY }, AS_OF)).toBeCloseTo(-2, 8);
  });

  it("gives creators and topics as shares of the whole, largest first", () => {
    const profile = affinityOf(
      [
        event({ kind: "message", creatorId: 2, contentType: null }),
        event({ creatorId: 1, topics: ["garden", "spring"] }),
        event({ creatorId: 1, topics: ["garden"], contentType: "photo" }),
      ],
      AS_OF,
    );
    expect(profile.creators).toEqual([
      { key: 2, share: 0.75 },
      { key: 1, share: 0.25 },
    ]);
    expect(profile.topics).toEqual([
      { key: "garden", share: 2 / 3 },
      { key: "spring", share: 1 / 3 },
    ]);
    expect(profile.contentTypes).toEqual([
      { key: "photo", share: 0.5 },
      { key: "text", share: 0.5 },
    ]);
    expect(profile.engagementVelocity).toBeCloseTo(3 / 90, 12);
    expect(profile.explorationFactor).toBeCloseTo(2 / 30, 12);
  });

  it("leaves out creators whom the user hides more than likes", () => {
    const profile = affinityOf(
      [
        event({ kind: "comment", creatorId: 1 }),
        event({ kind: "hide", creatorId: 1 }),
        event({ creatorId: 2 }),
      ],
      AS_OF,
    );
    expect(profile.creators).toEqual([{ key: 2, share: 1 }]);
  });

  it("keeps 20 creators and 30 topics; shares are of all", () => {
    const many = Array.from({ length: 40 }, (_, n) => event({ creatorId: n, topics: [`t${n}`] }));
    const { creators, topics, explorationFactor } = affinityOf(many, AS_OF);
    expect([creators.length, topics.length, explorationFactor]).toEqual([20, 30, 1]);
    expect(creators[0]).toEqual({ key: 0, share: 1 / 40 });
  });

  it("reads 90 days, and is empty for an inactive user", () => {
    const unknown = {
      creators: [],
      topics: [],
      contentTypes: [],
      engagementVelocity: 0,
      explorationFactor: 0.5,
    };
    expect(affinityOf([event({}, 90), event({}, -1)], AS_OF)).toEqual(unknown);
    expect(affinityOf([event({}, 89.9)], AS_OF).creators).toHaveLength(1);
  });

  // Named regression 6, the formula: what changes with time alone.
  it("moves from the friend of last month to the friend of today as time passes", () => {
    const events = [
      event({ kind: "message", creatorId: 1 }, 20),
      event({ kind: "comment", creatorId: 2 }, 0),
    ];
    const shareOf = (asOf: number) => affinityOf(events, asOf).creators.find(({ key }) => key === 2)!.share;
    expect(shareOf(AS_OF)).toBeGreaterThan(shareOf(AS_OF + 2 * DAY));
  });
});

it("the affinity of a post is the share of its author plus those of its topics, at most 1", () => {
  const creators = new Map([[1, 0.25]]);
  const topics = new Map([
    ["garden", 0.5],
    ["spring", 0.4],
  ]);
  expect(postAffinity(creators, topics, { authorId: 1, topics: ["garden", "chess"] })).toBe(0.75);
  expect(postAffinity(creators, topics, { authorId: 1, topics: ["garden", "spring"] })).toBe(1);
  expect(postAffinity(creators, topics, { authorId: 2, topics: [] })).toBe(0);
});

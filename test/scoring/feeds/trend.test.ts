import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  countedEngagement,
  grownOf,
  lhotOf,
  mergeTrends,
  type PostEngagement,
  popularityOf,
  TREND,
  type Trend,
  trendOf,
  trendScore,
  velocityOf,
} from "../../../src/scoring/feeds/trend.ts";

const HOUR = 3_600_000;
const AT = Date.parse("2026-06-01T00:00:00Z");
const POST = { authorId: 1, createdAt: AT };
const LONG_AGO = AT - 365 * 24 * HOUR;

const event = (id: number, fields: Partial<PostEngagement> = {}): PostEngagement => ({
  id,
  actorId: 100 + id,
  kind: "like",
  at: AT + HOUR,
  isTakenBack: false,
  actorSince: LONG_AGO,
  ...fields,
});

const KINDS = ["like", "comment", "share"] as const;

const idsOf = (events: readonly PostEngagement[]) => events.map(({ id }) => id);

describe("countedEngagement", () => {
  it("leaves out what was taken back, own actions, and what lies outside the 48 hours of the post", () => {
    const events = [
      event(1),
      event(2, { isTakenBack: true }),
      event(3, { actorId: POST.authorId }),
      event(4, { at: AT - 1 }),
      event(5, { at: AT + 48 * HOUR + 1 }),
      event(6, { at: Date.parse("2099-01-01T00:00:00Z") }),
      event(7, { at: AT + 48 * HOUR }),
    ];
    expect(idsOf(countedEngagement(POST, events))).toEqual([1, 7]);
  });

  it("counts one like, one comment and one share of a person, the earliest of each", () => {
    const again = { actorId: 7 };
    const events = [
      event(1, { ...again, at: AT + 2 * HOUR }),
      event(2, { ...again, at: AT + HOUR }),
      event(3, { ...again, kind: "comment" }),
      event(4, { ...again, kind: "comment" }),
      event(5, { ...again, kind: "share", at: AT + 3 * HOUR }),
      event(6, { ...again, kind: "share", at: AT + 4 * HOUR }),
      event(7, { actorId: 8, kind: "share" }),
    ];
    expect(idsOf(countedEngagement(POST, events)).toSorted()).toEqual([2, 3, 5, 7]);
  });

  it("lets no account raise a post by itself, however often it comments and shares", () => {
    const others = [1, 2, 3, 4].map((id) => event(id));
    const once = [5, 6, 7].map((id) => event(id, { actorId: 9, kind: KINDS[id - 5] ?? "like" }));
    const often = Array.from({ length: 1_000 }, (_, n) =>
      event(10 + n, { actorId: 9, kind: n % 2 === 0 ? "comment" : "share", at: AT + 2 * HOUR + n }),
    );
    expect(trendOf(POST, [...others, ...once, ...often])).toEqual(trendOf(POST, [...others, ...once]));
  });

  it("does not count accounts that are younger than a day: 50 that like each other trend nowhere", () => {
    const crowd = Array.from({ length: 50 }, (_, id) => event(id, { actorSince: AT }));
    expect(lhotOf(trendOf(POST, crowd))).toBeNull();
    expect(
      lhotOf(
        trendOf(
          POST,
          crowd.map((one) => ({ ...one, actorSince: AT - 23 * HOUR })),
        ),
      ),
    ).not.toBeNull();
  });
});

describe("the score of a post", () => {
  it("is the sum of the weights, each halved every 12 hours", () => {
    // Five people: two likes at once, a comment after 12 h, a share and a like after 24 h.
    const events = [
      event(1, { at: AT }),
      event(2, { at: AT }),
      event(3, { kind: "comment", at: AT + 12 * HOUR }),
      event(4, { kind: "share", at: AT + 24 * HOUR }),
      event(5, { at: AT + 24 * HOUR }),
    ];
    const lhot = lhotOf(trendOf(POST, events)) as number;
    expect(trendScore(lhot, AT + 24 * HOUR)).toBeCloseTo(1 / 4 + 1 / 4 + 2 / 2 + 3 + 1, 9);
    expect(trendScore(lhot, AT + 36 * HOUR)).toBeCloseTo(5.5 / 2, 9);
  });

  // Named regression 5.
  it("counts comments twice and shares three times", () => {
    const events = [event(1, { kind: "comment" }), event(2, { kind: "share" }), event(3)];
    expect(trendOf(POST, events)).toMatchObject({ engagement: 6, actors: 3 });
  });

  it("is null for fewer than five people, however often they comment", () => {
    const comments = Array.from({ length: 40 }, (_, id) =>
      event(id, { actorId: 10 + (id % 4), kind: "comment" }),
    );
    expect(trendOf(POST, comments)).toMatchObject({ engagement: 8, actors: 4 });
    expect(lhotOf(trendOf(POST, comments))).toBeNull();
  });

  it("does not depend on the order in which events arrive, nor on who adds them up", () => {
    const some = fc.array(
      fc.record({
        kind: fc.constantFrom("like" as const, "comment" as const, "share" as const),
        hours: fc.double({ min: 0, max: 48, noNaN: true }),
        part: fc.nat(3),
        order: fc.nat(),
      }),
      { minLength: 5, maxLength: 60 },
    );
    fc.assert(
      fc.property(some, (drawn) => {
        const events = drawn.map(({ kind, hours }, id) => event(id, { kind, at: AT + hours * HOUR }));
        const whole = trendOf(POST, events);
        const shuffled = events.toSorted((a, b) => drawn[a.id]!.order - drawn[b.id]!.order);
        const oneByOne = shuffled.reduce<Trend>(
          (sum, one) => mergeTrends(sum, trendOf(POST, [one])),
          trendOf(POST, []),
        );
        const parts = [0, 1, 2, 3].map((part) =>
          trendOf(
            POST,
            events.filter(({ id }) => drawn[id]!.part === part),
          ),
        );
        const byWorkers = parts.reduce(mergeTrends);
        for (const trend of [oneByOne, byWorkers]) {
          expect(trend).toMatchObject({ engagement: whole.engagement, actors: whole.actors });
          expect(Math.abs((lhotOf(trend) as number) - (lhotOf(whole) as number))).toBeLessThan(1e-9);
        }
      }),
    );
  });

  it("orders posts the same at any time", () => {
    const [early, late] = [AT, AT + 6 * HOUR].map((createdAt) => {
      const likes = Array.from({ length: 6 }, (_, id) => event(id, { at: createdAt + HOUR }));
      return lhotOf(trendOf({ authorId: 1, createdAt }, likes)) as number;
    }) as [number, number];
    for (const hours of [7, 30, 48])
      expect(trendScore(late, AT + hours * HOUR)).toBeGreaterThan(trendScore(early, AT + hours * HOUR));
    expect(late - early).toBeCloseTo(0.5, 9);
  });
});

it("an event grows by two every 12 hours after the landmark", () => {
  expect(grownOf({ kind: "share", at: AT + 12 * HOUR }, AT)).toBeCloseTo(6, 12);
  expect(grownOf({ kind: "like", at: AT + TREND.windowMs }, AT)).toBeCloseTo(16, 12);
});

it("popularity and velocity follow their documented formulas", () => {
  expect(popularityOf(10, 0)).toBe(10);
  expect(popularityOf(10, 10)).toBeCloseTo(10 / Math.log(12), 12);
  expect(velocityOf(10, 5)).toBe(2);
  expect(velocityOf(10, 0)).toBe(10);
});

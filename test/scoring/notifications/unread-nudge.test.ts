import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decideUnreadNudge,
  type GivenNudge,
  type ThreadMessage,
  type ThreadParticipant,
  UNREAD_NUDGE_POLICY,
  unreadFactsOf,
} from "../../../src/scoring/notifications/unread-nudge.ts";

const ZERO = Date.parse("2026-03-07T00:00:00Z");
const at = (hours: number) => new Date(ZERO + hours * 3_600_000);
let ids = 0;
const said = (hours: number, senderId = "2"): ThreadMessage => ({
  id: String(++ids),
  at: at(hours),
  senderId,
});

const reader = (change: Partial<ThreadParticipant> = {}): ThreadParticipant => ({
  userId: "1",
  joinedAt: at(-1_000),
  lastReadAt: null,
  lastActiveAt: null,
  muted: false,
  ...change,
});

/** Decides at each hour and records the nudges, as the job does. */
function follow(
  thread: readonly ThreadMessage[],
  hours: readonly number[],
  participant: (hour: number) => ThreadParticipant = () => reader(),
) {
  const given: GivenNudge[] = [];
  for (const hour of hours) {
    const heard = thread.filter((m) => m.at <= at(hour));
    const facts = unreadFactsOf(participant(hour), heard, given);
    const decision = decideUnreadNudge(facts, UNREAD_NUDGE_POLICY, at(hour));
    if (decision.kind === "none") continue;
    const { about, step } = decision;
    given.push({ oldestUnreadId: about.id, oldestUnreadAt: about.at, step, nudgedAt: at(hour) });
  }
  return given.map(({ oldestUnreadId, step, nudgedAt }) => [
    oldestUnreadId,
    step,
    (nudgedAt.getTime() - ZERO) / 3_600_000,
  ]);
}

const quarters = (until: number) => Array.from({ length: until * 4 + 1 }, (_, n) => n / 4);

describe("decideUnreadNudge", () => {
  it("nudges after three hours and again 24 hours later, then no more", () => {
    const m = said(0);
    expect(follow([m], quarters(200))).toEqual([
      [m.id, 1, 3],
      [m.id, 2, 27],
    ]);
  });

  it("counts from the oldest unread message, however busy the thread is", () => {
    const busy = Array.from({ length: 40 }, (_, n) => said(n / 2));
    expect(follow(busy, quarters(19))).toEqual([[busy[0]!.id, 1, 3]]);
  });

  it("never counts the user's own messages as unread", () => {
    expect(follow([said(0, "1"), said(1, "1")], quarters(100))).toEqual([]);
    const answer = said(5);
    expect(follow([said(0, "1"), answer], quarters(9))).toEqual([[answer.id, 1, 8]]);
  });

  it("starts over with the unread messages after reading", () => {
    const [first, second] = [said(0), said(10)];
    const readAtFive = (hour: number) => reader({ lastReadAt: hour >= 5 ? at(5) : null });
    expect(follow([first, second], quarters(60), readAtFive)).toEqual([
      [first.id, 1, 3],
      [second.id, 1, 13],
      [second.id, 2, 37],
    ]);
  });

  it("starts over with a message after twelve hours of silence, once both nudges were sent", () => {
    const [first, during, soon, late] = [said(0), said(20), said(31), said(43)];
    expect(follow([first, during, soon, late], quarters(44))).toEqual([
      [first.id, 1, 3],
      [first.id, 2, 27],
    ]);
    expect(follow([first, during, soon, late], quarters(100))).toEqual([
      [first.id, 1, 3],
      [first.id, 2, 27],
      [late.id, 1, 46],
      [late.id, 2, 70],
    ]);
  });

  it("counts the user's own message as an end of the silence", () => {
    expect(follow([said(0), said(35, "1"), said(40)], quarters(100))).toHaveLength(2);
    expect(follow([said(0), said(28, "1"), said(40)], quarters(100))).toHaveLength(4);
  });

  it("counts from joining for a user who joins an old thread", () => {
    const m = said(0);
    expect(follow([m], quarters(20), () => reader({ joinedAt: at(10) }))).toEqual([[m.id, 1, 13]]);
  });

  it("waits while the thread is muted, and for ten minutes after activity", () => {
    const m = said(0);
    expect(follow([m], quarters(20), () => reader({ muted: true }))).toEqual([]);
    const seen = unreadFactsOf(reader({ lastActiveAt: at(2.9) }), [m], []);
    expect(decideUnreadNudge(seen, UNREAD_NUDGE_POLICY, at(3))).toEqual({
      kind: "none",
      reason: "active",
      lookAt: new Date(at(2.9).getTime() + 600_000),
    });
    expect(decideUnreadNudge(seen, UNREAD_NUDGE_POLICY, at(3.07))).toMatchObject({ kind: "nudge" });
  });

  it("keeps 24 hours between the steps when the first one was late", () => {
    const m = said(0);
    expect(follow([m], [50, 51, 73.75, 74, 75])).toEqual([
      [m.id, 1, 50],
      [m.id, 2, 74],
    ]);
  });

  const anyThread = fc.array(
    fc.record({ hour: fc.integer({ min: 0, max: 80 }), senderId: fc.constantFrom("1", "2", "3") }),
    { maxLength: 12 },
  );
  const anyHours = fc
    .uniqueArray(fc.integer({ min: 0, max: 130 }), { maxLength: 60 })
    .map((hours) => hours.sort((a, b) => a - b));

  it("sends no (oldest message, step) twice, no second step before a first, and none for read messages", () => {
    fc.assert(
      fc.property(
        anyThread,
        anyHours,
        fc.option(fc.integer({ min: 0, max: 90 })),
        (spoken, hours, readAt) => {
          const thread = spoken.map(({ hour, senderId }, n) => ({
            id: String(n + 1),
            at: at(hour),
            senderId,
          }));
          const read = (hour: number) =>
            reader({ lastReadAt: readAt !== null && hour >= readAt ? at(readAt) : null });
          const given = follow(thread, hours, read);
          const keys = given.map(([id, step]) => `${id}:${step}`);
          expect(new Set(keys).size).toBe(keys.length);
          given.forEach(([id, step, hour], n) => {
            const about = thread.find((m) => m.id === id)!;
            expect(about.senderId).not.toBe("1");
            expect(Number(hour)).toBeGreaterThanOrEqual((about.at.getTime() - ZERO) / 3_600_000 + 3);
            if (readAt !== null && Number(hour) >= readAt) expect(about.at > at(readAt)).toBe(true);
            if (step !== 2) return;
            expect(given[n - 1]).toEqual([id, 1, expect.any(Number)]);
            expect(Number(hour) - Number(given[n - 1]![2])).toBeGreaterThanOrEqual(24);
          });
        },
      ),
    );
  });

  it("decides the same until lookAt", () => {
    fc.assert(
      fc.property(
        anyThread,
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 100 }),
        (spoken, now, seen) => {
          const thread = spoken.map(({ hour, senderId }, n) => ({
            id: String(n + 1),
            at: at(hour),
            senderId,
          }));
          const facts = unreadFactsOf(reader({ lastActiveAt: at(seen) }), thread, []);
          const decision = decideUnreadNudge(facts, UNREAD_NUDGE_POLICY, at(now));
          if (decision.kind === "nudge" || decision.lookAt === null) return;
          expect(decision.lookAt > at(now)).toBe(true);
          const earlier = new Date(decision.lookAt.getTime() - 1);
          expect(decideUnreadNudge(facts, UNREAD_NUDGE_POLICY, earlier).kind).toBe("none");
        },
      ),
    );
  });
});

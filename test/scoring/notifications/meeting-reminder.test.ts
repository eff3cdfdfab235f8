import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideReminder, type ReminderFacts } from "../../../src/scoring/notifications/meeting-reminder.ts";

const START = new Date("2026-03-08T10:00:00Z");
const minutesAhead = (minutes: number) => new Date(START.getTime() - minutes * 60_000);

const facts = (change: Partial<ReminderFacts> = {}): ReminderFacts => ({
  startTime: START,
  status: "scheduled",
  response: "accepted",
  invitedAt: minutesAhead(10_000),
  offsetsMinutes: [30],
  settledMinutes: [],
  ...change,
});

const anyFacts: fc.Arbitrary<ReminderFacts> = fc.record({
  startTime: fc.constant(START),
  status: fc.constantFrom("scheduled", "cancelled", "completed"),
  response: fc.constantFrom("pending", "accepted", "declined", "tentative"),
  invitedAt: fc.integer({ min: 0, max: 120 }).map(minutesAhead),
  offsetsMinutes: fc.subarray([30, 15, 5]),
  settledMinutes: fc.subarray([30, 15, 5]),
});
const anyMinutes = fc.double({ min: -10, max: 60, noNaN: true });

describe("decideReminder", () => {
  it.each([
    [31, "too-early"],
    [30.001, "too-early"],
    [0, "begun"],
    [-1, "begun"],
  ])("sends nothing %f minutes before the start: %s", (minutes, reason) => {
    expect(decideReminder(facts(), minutesAhead(minutes))).toEqual({ kind: "none", reason });
  });

  it.each([30, 29.9, 10, 0.01])(
    "sends a reminder %f minutes before the start, late if it was missed",
    (minutes) => {
      expect(decideReminder(facts(), minutesAhead(minutes))).toEqual({
        kind: "remind",
        offsetMinutes: 30,
        passedMinutes: [],
      });
    },
  );

  it("sends the due offset closest to the start, and settles the missed ones", () => {
    const wanted = facts({ offsetsMinutes: [5, 30, 15] });
    expect(decideReminder(wanted, minutesAhead(14))).toEqual({
      kind: "remind",
      offsetMinutes: 15,
      passedMinutes: [30],
    });
    expect(decideReminder({ ...wanted, settledMinutes: [30, 15] }, minutesAhead(14))).toMatchObject({
      reason: "already-reminded",
    });
    expect(decideReminder({ ...wanted, settledMinutes: [30, 15] }, minutesAhead(5))).toEqual({
      kind: "remind",
      offsetMinutes: 5,
      passedMinutes: [],
    });
  });

  it("does not send an earlier offset that is added later", () => {
    const participant = facts({ offsetsMinutes: [30, 5], settledMinutes: [5] });
    expect(decideReminder(participant, minutesAhead(4))).toMatchObject({ reason: "already-reminded" });
  });

  it("waits until the invitation is five minutes old", () => {
    const invited = facts({ invitedAt: minutesAhead(20) });
    expect(decideReminder(invited, minutesAhead(15.1))).toMatchObject({ reason: "just-invited" });
    expect(decideReminder(invited, minutesAhead(15))).toMatchObject({ kind: "remind" });
  });

  it.each([
    [{ status: "cancelled" }, "not-scheduled"],
    [{ status: "completed" }, "not-scheduled"],
    [{ response: "declined" }, "declined"],
    [{ offsetsMinutes: [] }, "no-reminder-wanted"],
  ] as const)("sends nothing for %j", (change, reason) => {
    expect(decideReminder(facts(change), minutesAhead(10))).toEqual({ kind: "none", reason });
  });

  it("sends nothing for a meeting that has begun, is cancelled or was declined, and no offset twice", () => {
    fc.assert(
      fc.property(anyFacts, anyMinutes, (f, minutes) => {
        const decision = decideReminder(f, minutesAhead(minutes));
        if (decision.kind === "none") return;
        expect(minutes).toBeGreaterThan(0);
        expect(f.status).toBe("scheduled");
        expect(f.response).not.toBe("declined");
        const settled = [decision.offsetMinutes, ...decision.passedMinutes];
        expect(new Set(settled).size).toBe(settled.length);
        for (const offset of settled) {
          expect(f.offsetsMinutes).toContain(offset);
          expect(f.settledMinutes).not.toContain(offset);
          expect(minutes).toBeLessThanOrEqual(offset + 1e-4);
          expect(offset).toBeGreaterThanOrEqual(decision.offsetMinutes);
        }
        const again = { ...f, settledMinutes: [...f.settledMinutes, ...settled] };
        expect(decideReminder(again, minutesAhead(minutes))).toEqual({
          kind: "none",
          reason: "already-reminded",
        });
      }),
    );
  });

  it("sends at most one reminder per offset, whenever it is evaluated", () => {
    const instants = fc.array(anyMinutes, { maxLength: 40 }).map((list) => list.sort((a, b) => b - a));
    fc.assert(
      fc.property(anyFacts, instants, (f, requested) => {
        const settled: number[] = [];
        let reminders = 0;
        for (const minutes of requested) {
          const decision = decideReminder({ ...f, settledMinutes: settled }, minutesAhead(minutes));
          if (decision.kind === "none") continue;
          settled.push(decision.offsetMinutes, ...decision.passedMinutes);
          reminders += 1;
        }
        expect(new Set(settled).size).toBe(settled.length);
        expect(reminders).toBeLessThanOrEqual(f.offsetsMinutes.length);
      }),
    );
  });
});

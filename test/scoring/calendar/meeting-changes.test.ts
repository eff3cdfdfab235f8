import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  hasChanged,
  isChangeForPeople,
  type MeetingFacts,
  meetingChanges,
  type Response,
} from "../../../src/scoring/calendar/meeting-changes.ts";

const meeting: MeetingFacts = {
  title: "Plan",
  startMs: 1_000,
  endMs: 2_000,
  cancelled: false,
  responses: { "1": "accepted", "2": "pending" },
};
const changed = (fields: Partial<MeetingFacts>, showsEverybody = true) =>
  meetingChanges(meeting, { ...meeting, ...fields }, showsEverybody);

const facts: fc.Arbitrary<MeetingFacts> = fc.record({
  title: fc.constantFrom("a", "b"),
  startMs: fc.integer({ min: 0, max: 3 }),
  endMs: fc.integer({ min: 4, max: 6 }),
  cancelled: fc.boolean(),
  responses: fc.dictionary(
    fc.constantFrom("1", "2", "3", "4"),
    fc.constantFrom<Response>("pending", "accepted", "declined", "tentative"),
  ),
});

describe("meetingChanges", () => {
  it("reports a new time, title or status", () => {
    expect(changed({ startMs: 1_500 })).toMatchObject({ time: true, title: false, status: false });
    expect(changed({ endMs: 2_500 })).toMatchObject({ time: true });
    expect(changed({ title: "Plan B" })).toMatchObject({ time: false, title: true });
    expect(changed({ cancelled: true })).toMatchObject({ status: true });
  });

  it("reports added and dropped users and changed responses; a response alone notifies nobody", () => {
    const changes = changed({ responses: { "1": "declined", "3": "pending" } });
    expect(changes).toMatchObject({ invited: ["3"], dropped: ["2"], answered: ["1"] });
    const answer = changed({ responses: { ...meeting.responses, "2": "accepted" } });
    expect([hasChanged(answer), isChangeForPeople(answer)]).toEqual([true, false]);
  });

  it("drops nobody where the entry does not show everybody", () => {
    expect(changed({ responses: { "2": "accepted" } }, false)).toMatchObject({
      dropped: [],
      answered: ["2"],
    });
  });

  it("is empty between a meeting and itself, and inverted the other way round", () => {
    fc.assert(
      fc.property(facts, facts, (a, b) => {
        expect(hasChanged(meetingChanges(a, a, true))).toBe(false);
        const [there, back] = [meetingChanges(a, b, true), meetingChanges(b, a, true)];
        expect([...there.invited].sort()).toEqual([...back.dropped].sort());
        expect([...there.answered].sort()).toEqual([...back.answered].sort());
        expect([there.time, there.title, there.status]).toEqual([back.time, back.title, back.status]);
        const after = Object.keys(a.responses)
          .filter((user) => !there.dropped.includes(user))
          .concat(there.invited);
        expect(after.sort()).toEqual(Object.keys(b.responses).sort());
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Preference, preferenceFor } from "../../../src/scoring/notifications/preference.ts";

const prefer = (fields: Partial<Preference>): Preference => ({
  scopeType: "global",
  scopeId: null,
  eventType: "*",
  channel: "*",
  status: "muted",
  ...fields,
});
const inProject = (id: string, fields: Partial<Preference> = {}) =>
  prefer({ scopeType: "project", scopeId: id, ...fields });
const inThread = (id: string, fields: Partial<Preference> = {}) =>
  prefer({ scopeType: "thread", scopeId: id, ...fields });

const SUBJECT = {
  eventType: "chat_message_sent",
  channel: "email",
  projectId: "1",
  threadId: "2",
} as const;
const exactType = { eventType: "chat_message_sent" };
const exactChannel = { channel: "email" } as const;

/** From the widest to the narrowest: each beats all before it. */
const LADDER: readonly (readonly [string, Preference])[] = [
  ["everything", prefer({})],
  ["everything, exact channel", prefer(exactChannel)],
  ["everything, exact type", prefer(exactType)],
  ["everything, exact type and channel", prefer({ ...exactType, ...exactChannel })],
  ["project", inProject("1")],
  ["project, exact channel", inProject("1", exactChannel)],
  ["project, exact type", inProject("1", exactType)],
  ["project, exact type and channel", inProject("1", { ...exactType, ...exactChannel })],
  ["thread", inThread("2")],
  ["thread, exact channel", inThread("2", exactChannel)],
  ["thread, exact type", inThread("2", exactType)],
  ["thread, exact type and channel", inThread("2", { ...exactType, ...exactChannel })],
];

describe("preferenceFor", () => {
  it.each(LADDER.slice(1).map(([name, preference], index) => ({ name, preference, index })))(
    "$name beats everything wider",
    ({ preference, index }) => {
      for (const [, wider] of LADDER.slice(0, index + 1)) {
        const own = { ...preference, status: "immediate" } as const;
        expect(preferenceFor([own, wider], SUBJECT)).toBe("immediate");
        expect(preferenceFor([wider, own], SUBJECT)).toBe("immediate");
      }
    },
  );

  it.each([
    ["another project", inProject("2")],
    ["another thread", inThread("1")],
    ["another type", prefer({ eventType: "document_uploaded" })],
    ["another channel", prefer({ channel: "in_app" })],
  ])("%s does not match", (_, preference) => {
    expect(preferenceFor([preference], SUBJECT)).toBeNull();
  });

  it("only global preferences match a notification without project and thread", () => {
    const nowhere = { ...SUBJECT, projectId: null, threadId: null };
    expect(preferenceFor([inProject("1"), inThread("2")], nowhere)).toBeNull();
    expect(preferenceFor([inProject("1"), prefer({ status: "digest" })], nowhere)).toBe("digest");
  });

  it("does not depend on the order of the preferences", () => {
    const some = fc.shuffledSubarray(
      LADDER.map(([, preference], index) => ({
        ...preference,
        status: (["muted", "digest", "immediate"] as const)[index % 3] as Preference["status"],
      })),
    );
    fc.assert(
      fc.property(some, (preferences) => {
        const sorted = LADDER.flatMap(([, { scopeType, eventType, channel }]) =>
          preferences.filter(
            (p) => p.scopeType === scopeType && p.eventType === eventType && p.channel === channel,
          ),
        );
        expect(preferenceFor(preferences, SUBJECT)).toBe(sorted.at(-1)?.status ?? null);
      }),
    );
  });
});

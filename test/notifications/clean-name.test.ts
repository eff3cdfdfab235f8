import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LANGUAGES } from "../../src/languages/index.ts";
import { cleanName, cleanText } from "../../src/notifications/clean-name.ts";
import { NOTIFICATION_TYPES } from "../../src/notifications/index.ts";
import { NAMELESS, type Names } from "../../src/notifications/notification-type.ts";
import { writeText } from "../../src/notifications/write-text.ts";

const J = "\u2060";

describe("a name in a text", () => {
  it.each([
    ["Ada Obi", "Ada Obi"],
    ["  Ada\tObi ", "Ada Obi"],
    ["Ada\r\nBcc: eve@evil.test", `Ada Bcc: eve@evil.${J}test`],
    ["Ada\u2028\u0085\u0000Obi", "Ada Obi"],
    ["Ada\u202egpj.exe", `Adagpj.${J}exe`],
    ["\u2066Ada\u2069\u200f", "Ada"],
    ["רות", "רות"],
    ["👩‍👩‍👧 مدیر‌عامل", "👩‍👩‍👧 مدیر‌عامل"],
    ["https://evil.test/login", `https:${J}//evil.${J}test/login`],
    ["www.evil.test", `www.${J}evil.${J}test`],
    ["evil.com.pdf", `evil.${J}com.pdf`],
    ["evil.zip", `evil.${J}zip`],
    ["evil。com", `evil。${J}com`],
    ["Plan.pdf", "Plan.pdf"],
    ["Minutes 2026.03.02.docx", "Minutes 2026.03.02.docx"],
    ["J. R. Hartley, Ph.D.", "J. R. Hartley, Ph.D."],
    ["\u200b\u2060", ""],
  ])("%j becomes %j", (name, clean) => {
    expect(cleanName(name)).toBe(clean);
  });

  it("is cut between characters", () => {
    expect(cleanName("x".repeat(500))).toBe(`${"x".repeat(119)}…`);
  });

  it("is on one line, without direction marks, and the same when it is cleaned again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (name) => {
        const clean = cleanName(name);
        expect(clean).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
        expect(cleanName(clean)).toBe(clean);
      }),
    );
  });
});

it("a text keeps its lines and loses control characters and direction marks", () => {
  expect(cleanText("one\r\ntwo\u202e\u0007\nthree\u2028four")).toBe("one\ntwo \nthree\nfour");
});

describe("names in notifications", () => {
  const HOSTILE = "Ada\r\n\r\n-- \r\nYour account is locked: https://evil.test/login\u202e";
  const names: Names = Object.fromEntries(
    Object.keys(NAMELESS).map((key) => [key, key === "meetingStart" ? new Date() : cleanName(HOSTILE)]),
  ) as unknown as Names;

  /** The texts of payloads that users and hosts write, and elements of lists of them. */
  const isForeign = (key: string): boolean => /^(name|title|company|\d+)$/.test(key);

  it.each(
    NOTIFICATION_TYPES.filter(({ email }) => email !== null).flatMap((type) =>
      LANGUAGES.map((language) => [type.event.type, language.tag, type, language] as const),
    ),
  )(
    "cannot break the title or the body of %s in %s, or put a link into it",
    (_name, _tag, type, language) => {
      const { payload } = type.email!.sample;
      const hostile = JSON.parse(JSON.stringify(payload), (key, value: unknown) =>
        isForeign(key) && typeof value === "string" ? HOSTILE : value,
      );
      const event = {
        id: "1",
        type: type.event.type,
        actorId: "2",
        projectId: "3",
        resourceId: "4",
        threadId: "5",
        meetingId: "6",
        occurredAt: new Date(),
        payload: hostile,
        names,
      };
      const { title, body } = writeText(type, event, {
        isMentioned: false,
        timeZone: "UTC",
        language,
        now: new Date(),
      });
      for (const text of [title, body]) {
        expect(text).not.toMatch(/[\r\n\u202e]/);
        expect(text.replaceAll("\\", "")).not.toContain("https://evil.test");
      }
    },
  );
});

import { expect, it, vi } from "vitest";
import { LANGUAGES } from "../../src/languages/index.ts";
import { ENGLISH } from "../../src/languages/language.ts";
import { NOTIFICATION_TYPES } from "../../src/notifications/index.ts";
import {
  type AnyNotificationType,
  NAMELESS,
  type NotificationEvent,
  type Reader,
} from "../../src/notifications/notification-type.ts";
import { createTextWriter, writeText } from "../../src/notifications/write-text.ts";

const NOW = new Date("2026-03-09T17:00:00Z");

const READERS: readonly Reader[] = LANGUAGES.flatMap((language) =>
  ["America/Los_Angeles", "Asia/Kolkata"].flatMap((timeZone) =>
    [true, false].map((isMentioned) => ({ language, timeZone, isMentioned, now: NOW })),
  ),
);

const REMINDER = { user_id: "1", start_time: NOW.toISOString(), offset_minutes: 30 };

const eventOf = (type: AnyNotificationType): NotificationEvent => ({
  id: "1",
  type: type.event.type,
  actorId: "6",
  projectId: "8",
  resourceId: "12",
  threadId: "7",
  meetingId: "9",
  occurredAt: NOW,
  payload: type.email?.sample.payload ?? REMINDER,
  names: { ...NAMELESS, meeting: "Planting day", meetingStart: NOW, ...type.email?.sample.names },
});

const mailed = NOTIFICATION_TYPES.filter(({ email }) => email !== null);

it.each(mailed.map((type) => [type.event.type, type] as const))(
  "readers of %s get the same text as if each text was written alone",
  (_name, type) => {
    const event = eventOf(type);
    const write = createTextWriter();
    for (const reader of [...READERS, ...READERS])
      expect(write({ type, event, reader })).toEqual(writeText(type, event, reader));
  },
);

it("a text without a time is written once for the readers of all zones, one with a time once per zone", () => {
  const zones = ["America/Los_Angeles", "Asia/Kolkata", "Europe/Berlin"];
  const writtenFor = (type: AnyNotificationType) => {
    const text = vi.fn(type.text);
    const watched = { ...type, text };
    const event = eventOf(type);
    const write = createTextWriter();
    for (const timeZone of [...zones, ...zones])
      write({
        type: watched,
        event,
        reader: { language: ENGLISH, timeZone, isMentioned: false, now: NOW },
      });
    return text.mock.calls.length;
  };
  const typeOf = (name: string) => NOTIFICATION_TYPES.find(({ event }) => event.type === name)!;
  expect(writtenFor(typeOf("document_uploaded"))).toBe(1);
  expect(writtenFor(typeOf("meeting_reminder"))).toBe(zones.length);
});

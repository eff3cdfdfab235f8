import { describe, expect, it } from "vitest";
import { escapeMarkdown } from "../../src/languages/escape-markdown.ts";
import { ENGLISH } from "../../src/languages/language.ts";
import { meetingReminderNotification } from "../../src/notifications/meeting-reminder.ts";
import { NAMELESS } from "../../src/notifications/notification-type.ts";
import { writeText } from "../../src/notifications/write-text.ts";

const MINUTE_MS = 60_000;

const textAt = (start: string, timeZone: string, minutesBefore: number) =>
  writeText(
    meetingReminderNotification,
    {
      id: "1",
      type: "meeting_reminder",
      actorId: null,
      projectId: null,
      resourceId: null,
      threadId: null,
      meetingId: "7",
      occurredAt: new Date(start),
      payload: { user_id: "1", start_time: start, offset_minutes: 30 },
      names: { ...NAMELESS, meeting: "Planting day", meetingStart: new Date(start) },
    },
    {
      isMentioned: false,
      timeZone,
      language: ENGLISH,
      now: new Date(Date.parse(start) - minutesBefore * MINUTE_MS),
    },
  );

/** One instant in ten zones, half an hour after daylight saving time began in Los Angeles. */
const SPRING = "2026-03-08T10:30:00Z";
const CLOCKS: readonly [zone: string, time: string][] = [
  ["America/Los_Angeles", "Sun, Mar 8, 3:30 AM PDT"],
  ["America/New_York", "Sun, Mar 8, 6:30 AM EDT"],
  ["America/St_Johns", "Sun, Mar 8, 8:00 AM GMT-2:30"],
  ["America/Sao_Paulo", "Sun, Mar 8, 7:30 AM GMT-3"],
  ["UTC", "Sun, Mar 8, 10:30 AM UTC"],
  ["Europe/Berlin", "Sun, Mar 8, 11:30 AM GMT+1"],
  ["Asia/Kolkata", "Sun, Mar 8, 4:00 PM GMT+5:30"],
  ["Asia/Kathmandu", "Sun, Mar 8, 4:15 PM GMT+5:45"],
  ["Australia/Lord_Howe", "Sun, Mar 8, 9:30 PM GMT+11"],
  ["Pacific/Kiritimati", "Mon, Mar 9, 12:30 AM GMT+14"],
];

describe("the text of a meeting reminder", () => {
  it.each(CLOCKS)("shows the start in %s as %s", (zone, time) => {
    expect(textAt(SPRING, zone, 30).body).toContain(escapeMarkdown(time));
  });

  it("distinguishes the two times 1:30 AM when daylight saving time ends", () => {
    expect(textAt("2026-11-01T08:30:00Z", "America/Los_Angeles", 30).body).toContain("1:30 AM PDT");
    expect(textAt("2026-11-01T09:30:00Z", "America/Los_Angeles", 30).body).toContain("1:30 AM PST");
  });

  it("shows the minutes left, even across a clock change", () => {
    expect(textAt(SPRING, "America/Los_Angeles", 30).title).toBe("Planting day starts in 30 minutes");
    expect(textAt(SPRING, "America/Los_Angeles", 10).title).toBe("Planting day starts in 10 minutes");
    expect(textAt(SPRING, "America/Los_Angeles", 1).title).toBe("Planting day starts in 1 minute");
  });
});

import { describe, expect, it } from "vitest";
import {
  DECISION_REASONS,
  decisionReason,
  describeDecision,
  describePreference,
  type Outlook,
} from "../../src/notifications/describe-decision.ts";
import { NOTIFICATION_SKIP_REASONS } from "../../src/scoring/notifications/notify-decision.ts";

type Line = Parameters<typeof describeDecision>[0];

const describeLine = (fields: Partial<Line>, outlook?: Outlook): string =>
  describeDecision(
    {
      channel: "email",
      decision: "now",
      cadence: null,
      reason: null,
      status: "pending",
      error: null,
      notBefore: null,
      emailId: null,
      emailReason: null,
      ...fields,
    },
    outlook,
  );

describe("a decision as a sentence", () => {
  it.each<[string, Partial<Line>]>([
    ["In the app: shown.", { channel: "in_app", status: "delivered" }],
    [
      "In the app: not shown: the user had no access to it (no-access).",
      { channel: "in_app", decision: "skipped", reason: "no-access", status: "none" },
    ],
    ["E-mail: waits to be sent.", {}],
    [
      "E-mail: waits until 2026-03-02 06:30:00Z: the user's quiet hours (quiet-hours).",
      { decision: "deferred", reason: "quiet-hours", notBefore: new Date("2026-03-02T06:30:00Z") },
    ],
    ["E-mail: waits for the hourly digest.", { decision: "digested", cadence: "hourly" }],
    ["E-mail: delivered.", { status: "delivered" }],
    [
      "E-mail: dropped before it was sent: the user had read it in the app (read-meanwhile).",
      { status: "none", reason: "read-meanwhile" },
    ],
    ["E-mail: failed: 422 invalid.", { status: "failed", error: "422 invalid" }],
    [
      "E-mail: needs review: no answer within a day.",
      { status: "needs_review", emailReason: "no answer within a day" },
    ],
    ["E-mail: failed: no reason is recorded.", { status: "failed" }],
  ])("%s", (sentence, line) => {
    expect(describeLine(line)).toBe(sentence);
  });

  it("says when e-mail that waits is sent, and that sending is paused", () => {
    const outlook = {
      zone: "Asia/Tokyo",
      digestAt: new Date("2026-11-30T23:00:00Z"),
      sendingPausedUntil: null,
    };
    const digested = { decision: "digested", cadence: "daily" } as const;
    expect(describeLine(digested, outlook)).toBe(
      "E-mail: waits for the daily digest of 2026-11-30 23:00:00Z (08:00 in Asia/Tokyo).",
    );
    expect(describeLine({ ...digested, cadence: "hourly" }, outlook)).toBe(
      "E-mail: waits for the hourly digest of 2026-11-30 23:00:00Z.",
    );
    const paused = { ...outlook, sendingPausedUntil: new Date("2026-11-30T12:39:56Z") };
    expect(describeLine({ ...digested, emailId: "308" }, paused)).toBe(
      "E-mail: in the daily digest, e-mail 308, which waits to be sent; send-emails is paused until 2026-11-30 12:39:56Z.",
    );
    expect(describeLine({ emailId: "9" }, outlook)).toBe("E-mail: in e-mail 9, which waits to be sent.");
    expect(describeLine({}, paused)).toBe(
      "E-mail: waits to be sent; send-emails is paused until 2026-11-30 12:39:56Z.",
    );
  });

  it("explains every reason to skip, and shows one that this version does not know as it is", () => {
    for (const reason of NOTIFICATION_SKIP_REASONS) expect(DECISION_REASONS[reason]).toBeTruthy();
    for (const unknown of ["full-moon", "constructor"]) expect(decisionReason(unknown)).toBe(unknown);
  });
});

it.each([
  [
    "muted for every type everywhere",
    { scopeType: "global", scopeId: null, eventType: "*", channel: "*", status: "muted" },
  ],
  [
    "digest for document_uploaded in project 7, by e-mail",
    {
      scopeType: "project",
      scopeId: "7",
      eventType: "document_uploaded",
      channel: "email",
      status: "digest",
    },
  ],
  [
    "muted for every type in project 7 (Community garden)",
    {
      scopeType: "project",
      scopeId: "7",
      scopeName: "Community garden",
      eventType: "*",
      channel: "*",
      status: "muted",
    },
  ],
  [
    "immediate for every type in thread 8, in the app",
    { scopeType: "thread", scopeId: "8", eventType: "*", channel: "in_app", status: "immediate" },
  ],
] as const)("a preference as a phrase: %s", (phrase, preference) => {
  expect(describePreference(preference)).toBe(phrase);
});

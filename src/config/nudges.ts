import { NUDGE_CAP_POLICY, type NudgeCapPolicy, type NudgeKind } from "../scoring/notifications/nudge-cap.ts";
import { UNREAD_NUDGE_POLICY, type UnreadNudgePolicy } from "../scoring/notifications/unread-nudge.ts";
import { defineArea } from "./area.ts";
import { listOf, whole } from "./fields.ts";

export const nudges = defineArea({
  title: "Nudges",
  variables: {
    UNREAD_THRESHOLD_MINUTES: whole(UNREAD_NUDGE_POLICY.thresholdMinutes, 1, 43_200).describe(
      "How long the oldest unread message of a thread must wait before the first nudge.",
    ),
    NUDGE_EMAILS_PER_DAY: whole(NUDGE_CAP_POLICY.perDay, 0, 100).describe(
      "Maximum number of nudge e-mails, of all kinds together, to a user per day of their time zone. With 0 nudges only appear in digests that are sent anyway.",
    ),
    NUDGE_EMAILS_PER_WEEK: whole(NUDGE_CAP_POLICY.perWeek, 0, 700).describe(
      "The same for that day and the six before it.",
    ),
    NUDGE_PRIORITY: listOf<NudgeKind>(NUDGE_CAP_POLICY.priority).describe(
      "Which kind is sent first when the limit leaves room for one. Kinds left out come last.",
    ),
  },
  read: (v) => {
    const unread: UnreadNudgePolicy = { thresholdMinutes: v.UNREAD_THRESHOLD_MINUTES };
    const cap: NudgeCapPolicy = {
      perDay: v.NUDGE_EMAILS_PER_DAY,
      perWeek: v.NUDGE_EMAILS_PER_WEEK,
      priority: v.NUDGE_PRIORITY,
    };
    return { nudges: { unread, cap } };
  },
});

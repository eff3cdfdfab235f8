import { budgetAwardedNotification } from "./budget-awarded.ts";
import { calendarActionRequiredNotification } from "./calendar-action-required.ts";
import { candidateMatchedNotification } from "./candidate-matched.ts";
import { chatMessageSentNotification } from "./chat-message-sent.ts";
import { chatThreadParticipantAddedNotification } from "./chat-thread-participant-added.ts";
import { commissionEarnedNotification } from "./commission-earned.ts";
import { commissionHeldNotification } from "./commission-held.ts";
import { documentPermissionChangedNotification } from "./document-permission-changed.ts";
import { documentPermissionGrantedNotification } from "./document-permission-granted.ts";
import { documentUploadedNotification } from "./document-uploaded.ts";
import { inviteAcceptedNotification } from "./invite-accepted.ts";
import { leadCandidatesFoundNotification } from "./lead-candidates-found.ts";
import { meetingInvitedNotification } from "./meeting-invited.ts";
import { meetingReminderNotification } from "./meeting-reminder.ts";
import { meetingUpdatedNotification } from "./meeting-updated.ts";
import type { AnyNotificationType } from "./notification-type.ts";
import { projectAccessChangedNotification } from "./project-access-changed.ts";
import { projectAccessGrantedNotification } from "./project-access-granted.ts";
import { recommendationsReadyNotification } from "./recommendations-ready.ts";
import { resumeIncompleteNudgeNotification } from "./resume-incomplete-nudge.ts";
import { threadUnreadStaleNotification } from "./thread-unread-stale.ts";

/**
 * The notification types, one per event type. An event without one notifies nobody and is recorded as
 * ignored.
 */
export const NOTIFICATION_TYPES: readonly AnyNotificationType[] = [
  budgetAwardedNotification,
  calendarActionRequiredNotification,
  candidateMatchedNotification,
  chatMessageSentNotification,
  chatThreadParticipantAddedNotification,
  commissionEarnedNotification,
  commissionHeldNotification,
  documentPermissionChangedNotification,
  documentPermissionGrantedNotification,
  documentUploadedNotification,
  inviteAcceptedNotification,
  leadCandidatesFoundNotification,
  meetingInvitedNotification,
  meetingReminderNotification,
  meetingUpdatedNotification,
  projectAccessChangedNotification,
  projectAccessGrantedNotification,
  recommendationsReadyNotification,
  resumeIncompleteNudgeNotification,
  threadUnreadStaleNotification,
];

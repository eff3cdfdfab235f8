import { tellBudgetAwarded } from "./budget-awarded.ts";
import { tellCalendarActionRequired } from "./calendar-action-required.ts";
import { tellCandidateMatched } from "./candidate-matched.ts";
import { tellChatMessageSent } from "./chat-message-sent.ts";
import { tellChatThreadParticipantAdded } from "./chat-thread-participant-added.ts";
import { tellCommissionEarned } from "./commission-earned.ts";
import { tellCommissionHeld } from "./commission-held.ts";
import { tellDocumentPermissionChanged } from "./document-permission-changed.ts";
import { tellDocumentPermissionGranted } from "./document-permission-granted.ts";
import { tellDocumentUploaded } from "./document-uploaded.ts";
import { tellInviteAccepted } from "./invite-accepted.ts";
import { tellLeadCandidatesFound } from "./lead-candidates-found.ts";
import { tellMeetingInvited } from "./meeting-invited.ts";
import { tellMeetingReminder } from "./meeting-reminder.ts";
import { tellMeetingUpdated } from "./meeting-updated.ts";
import type { AnyNotificationType } from "./notification-type.ts";
import { tellProjectAccessChanged } from "./project-access-changed.ts";
import { tellProjectAccessGranted } from "./project-access-granted.ts";
import { tellRecommendationsReady } from "./recommendations-ready.ts";
import { tellResumeIncompleteNudge } from "./resume-incomplete-nudge.ts";
import { tellThreadUnreadStale } from "./thread-unread-stale.ts";

/** What each type of event becomes for people. A type that is not here is recorded as ignored. */
export const NOTIFICATION_TYPES: readonly AnyNotificationType[] = [
  tellBudgetAwarded,
  tellCalendarActionRequired,
  tellCandidateMatched,
  tellChatMessageSent,
  tellChatThreadParticipantAdded,
  tellCommissionEarned,
  tellCommissionHeld,
  tellDocumentPermissionChanged,
  tellDocumentPermissionGranted,
  tellDocumentUploaded,
  tellInviteAccepted,
  tellLeadCandidatesFound,
  tellMeetingInvited,
  tellMeetingReminder,
  tellMeetingUpdated,
  tellProjectAccessChanged,
  tellProjectAccessGranted,
  tellRecommendationsReady,
  tellResumeIncompleteNudge,
  tellThreadUnreadStale,
];

const byType = new Map(NOTIFICATION_TYPES.map((type) => [type.event.type, type]));

/** Undefined for an event that nobody is told of. */
export const notificationTypeOf = (eventType: string) => byType.get(eventType);

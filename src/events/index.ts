import { budgetAwarded } from "./budget-awarded.ts";
import { calendarActionRequired } from "./calendar-action-required.ts";
import { candidateMatched } from "./candidate-matched.ts";
import { chatMessageSent } from "./chat-message-sent.ts";
import { chatThreadParticipantAdded } from "./chat-thread-participant-added.ts";
import { commissionEarned } from "./commission-earned.ts";
import { commissionHeld } from "./commission-held.ts";
import { documentPermissionChanged } from "./document-permission-changed.ts";
import { documentPermissionGranted } from "./document-permission-granted.ts";
import { documentUploaded } from "./document-uploaded.ts";
import { inviteAccepted } from "./invite-accepted.ts";
import { leadCandidatesFound } from "./lead-candidates-found.ts";
import { meetingInvited } from "./meeting-invited.ts";
import { meetingReminder } from "./meeting-reminder.ts";
import { meetingUpdated } from "./meeting-updated.ts";
import { projectAccessChanged } from "./project-access-changed.ts";
import { projectAccessGranted } from "./project-access-granted.ts";
import { recommendationsReady } from "./recommendations-ready.ts";
import { resumeIncompleteNudge } from "./resume-incomplete-nudge.ts";
import { threadUnreadStale } from "./thread-unread-stale.ts";

/** Every kind of event that this service knows: the host's, then its own. */
export const EVENTS = [
  documentUploaded,
  chatMessageSent,
  threadUnreadStale,
  meetingInvited,
  meetingUpdated,
  meetingReminder,
  resumeIncompleteNudge,
  inviteAccepted,
  projectAccessGranted,
  projectAccessChanged,
  documentPermissionGranted,
  documentPermissionChanged,
  chatThreadParticipantAdded,
  commissionEarned,
  commissionHeld,
  budgetAwarded,
  candidateMatched,
  leadCandidatesFound,
  recommendationsReady,
  calendarActionRequired,
] as const;

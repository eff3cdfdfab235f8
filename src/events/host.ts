import { z } from "zod";
import { projectAccessGrants, resourcePermissions } from "../db/schema/platform.ts";
import { idField } from "../ids.ts";
import { defineEvent } from "./event.ts";

// Events that the host platform writes. Their names are the host's.

const projectPermission = z.enum(projectAccessGrants.permission.enumValues);
const documentPermission = z.enum(resourcePermissions.permission.enumValues);

/** The actor added a document (the resource) to a project. */
export const documentUploaded = defineEvent({ type: "document_uploaded", payload: z.object({}) });

/**
 * The actor sent a message to a thread. The text stays in `messages`; mentions in it are written
 * `@[Name](user:ID)`, with the host's id.
 */
export const chatMessageSent = defineEvent({
  type: "chat_message_sent",
  payload: z.object({ message_id: idField() }),
});

/** The actor added a participant to a thread. */
export const chatThreadParticipantAdded = defineEvent({
  type: "chat_thread_participant_added",
  payload: z.object({ added_user_id: idField() }),
});

/** A user joined an organization: `new_member_id`, or the actor if it is missing. */
export const inviteAccepted = defineEvent({
  type: "invite_accepted",
  payload: z.object({ org_id: idField(), new_member_id: idField().optional() }),
});

/** The actor gave a user access to a project. */
export const projectAccessGranted = defineEvent({
  type: "project_access_granted",
  payload: z.object({ affected_user_id: idField(), new_permission: projectPermission }),
});

/** The actor changed a user's permission in a project. */
export const projectAccessChanged = defineEvent({
  type: "project_access_changed",
  payload: z.object({
    affected_user_id: idField(),
    old_permission: projectPermission,
    new_permission: projectPermission,
  }),
});

/** The actor gave a user access to a document. */
export const documentPermissionGranted = defineEvent({
  type: "document_permission_granted",
  payload: z.object({
    affected_user_id: idField(),
    new_permission: documentPermission.exclude(["none"]),
  }),
});

/** The actor changed a user's permission for a document. */
export const documentPermissionChanged = defineEvent({
  type: "document_permission_changed",
  payload: z.object({
    affected_user_id: idField(),
    old_permission: documentPermission,
    new_permission: documentPermission,
  }),
});

/** The parts of a profile that an event may name. */
const PROFILE_PARTS = ["skills", "place", "bio", "photo", "preferences", "cv"] as const;
export type ProfilePart = (typeof PROFILE_PARTS)[number];

/**
 * A user's profile changed. `parts` says which parts of it; without it, all may have. What depends on them is
 * recomputed: ranks in project lists, pair scores.
 */
export const profileUpdated = defineEvent({
  type: "profile.updated",
  payload: z.object({ user_id: idField(), parts: z.array(z.enum(PROFILE_PARTS)).optional() }),
});

const ofUser = z.object({ user_id: idField() });

/** A user changed whom they want to meet. */
export const preferencesUpdated = defineEvent({ type: "preferences.updated", payload: ofUser });

/** A user answered questions of a quiz. Their traits are computed at once. */
export const quizSubmitted = defineEvent({ type: "quiz.submitted", payload: ofUser });

/** A user changed their interests. */
export const interestsUpdated = defineEvent({ type: "interests.updated", payload: ofUser });

/** A user rated another one. */
export const ratingGiven = defineEvent({
  type: "rating.given",
  payload: z.object({ user_id: idField(), rated_user_id: idField() }),
});

/** A user blocked another one. Neither sees the other from then on. */
export const userBlocked = defineEvent({
  type: "user.blocked",
  payload: z.object({ user_id: idField(), blocked_user_id: idField() }),
});

/** A user took a block back. */
export const userUnblocked = defineEvent({
  type: "user.unblocked",
  payload: z.object({ user_id: idField(), blocked_user_id: idField() }),
});

/** A user has a profile from now on. */
export const userCreated = defineEvent({ type: "user.created", payload: ofUser });

/** A user has left. What was computed of them is deleted. */
export const userDeleted = defineEvent({ type: "user.deleted", payload: ofUser });

/** A user is not shown to others any more. */
export const profileHidden = defineEvent({ type: "profile.hidden", payload: ofUser });

/** A user is shown to others again. */
export const profileShown = defineEvent({ type: "profile.shown", payload: ofUser });

/** A user uploaded a CV or changed what they look for. Their recommendations are computed at once. */
export const cvUpdated = defineEvent({
  type: "cv.updated",
  payload: z.object({ user_id: idField() }),
});

/** A user wrote a post. Its topics and quality are computed at once. */
export const postCreated = defineEvent({
  type: "post.created",
  payload: z.object({ post_id: idField() }),
});

/** The text or the media of a post changed. */
export const postUpdated = defineEvent({
  type: "post.updated",
  payload: z.object({ post_id: idField() }),
});

/** Whether a user may see the whole profile of another one, which is to follow them, changed. */
export const followChanged = defineEvent({
  type: "follow.changed",
  payload: z.object({ owner_id: idField(), viewer_id: idField() }),
});

/** The requirements or the location of the event's project changed. Its candidate list is recomputed. */
export const projectUpdated = defineEvent({ type: "project.updated", payload: z.object({}) });

import { z } from "zod";
import { projectAccessGrants, resourcePermissions } from "../db/schema/platform.ts";
import { idField } from "../ids.ts";
import { defineEvent } from "./event.ts";

// Events that the host platform writes. Their names are the host's.

const projectPermission = z.enum(projectAccessGrants.permission.enumValues);
const documentPermission = z.enum(resourcePermissions.permission.enumValues);

export const documentUploaded = defineEvent({
  type: "document_uploaded",
  about: "The actor added a document to a project.",
  subjects: ["actor", "project", "resource"],
  payload: z.object({}),
});

/** The text stays in `messages`; mentions in it are written `@[Name](user:ID)`, with the host's id. */
export const chatMessageSent = defineEvent({
  type: "chat_message_sent",
  about: "The actor sent a message to a thread.",
  subjects: ["actor", "thread"],
  payload: z.object({ message_id: idField() }),
});

export const chatThreadParticipantAdded = defineEvent({
  type: "chat_thread_participant_added",
  about: "The actor added a participant to a thread.",
  subjects: ["actor", "thread"],
  payload: z.object({ added_user_id: idField() }),
});

export const inviteAccepted = defineEvent({
  type: "invite_accepted",
  about: "A user joined an organization: `new_member_id`, or the actor if it is missing.",
  subjects: ["actor"],
  payload: z.object({ org_id: idField(), new_member_id: idField().optional() }),
});

export const projectAccessGranted = defineEvent({
  type: "project_access_granted",
  about: "The actor gave a user access to a project.",
  subjects: ["actor", "project"],
  payload: z.object({ affected_user_id: idField(), new_permission: projectPermission }),
});

export const projectAccessChanged = defineEvent({
  type: "project_access_changed",
  about: "The actor changed a user's permission in a project.",
  subjects: ["actor", "project"],
  payload: z.object({
    affected_user_id: idField(),
    old_permission: projectPermission,
    new_permission: projectPermission,
  }),
});

export const documentPermissionGranted = defineEvent({
  type: "document_permission_granted",
  about: "The actor gave a user access to a document.",
  subjects: ["actor", "project", "resource"],
  payload: z.object({
    affected_user_id: idField(),
    new_permission: documentPermission.exclude(["none"]),
  }),
});

export const documentPermissionChanged = defineEvent({
  type: "document_permission_changed",
  about: "The actor changed a user's permission for a document.",
  subjects: ["actor", "project", "resource"],
  payload: z.object({
    affected_user_id: idField(),
    old_permission: documentPermission,
    new_permission: documentPermission,
  }),
});

/** Of meetings in calendars, Commonwork emits these two itself. */
export const meetingInvited = defineEvent({
  type: "meeting_invited",
  about: "The actor invited a user to a meeting.",
  subjects: ["actor", "meeting"],
  payload: z.object({ invited_user_id: idField() }),
});

export const meetingUpdated = defineEvent({
  type: "meeting_updated",
  about: "The actor changed a meeting: its time, its participants, or something else. `changes` says which.",
  subjects: ["actor", "meeting"],
  payload: z.object({
    changes: z
      .object({ time: z.boolean().default(false), participants: z.boolean().default(false) })
      .default({ time: false, participants: false }),
  }),
});

/** The parts of a profile that an event may name. */
const PROFILE_PARTS = ["skills", "place", "bio", "photo", "preferences", "cv"] as const;
export type ProfilePart = (typeof PROFILE_PARTS)[number];

export const profileUpdated = defineEvent({
  type: "profile.updated",
  about: "A user's profile changed. `parts` says which parts of it; without it, all may have.",
  payload: z.object({ user_id: idField(), parts: z.array(z.enum(PROFILE_PARTS)).optional() }),
});

const ofUser = z.object({ user_id: idField() });

export const preferencesUpdated = defineEvent({
  type: "preferences.updated",
  about: "A user changed whom they want to meet.",
  payload: ofUser,
});

export const quizSubmitted = defineEvent({
  type: "quiz.submitted",
  about: "A user answered questions of a quiz.",
  payload: ofUser,
});

export const interestsUpdated = defineEvent({
  type: "interests.updated",
  about: "A user changed their interests.",
  payload: ofUser,
});

export const ratingGiven = defineEvent({
  type: "rating.given",
  about: "A user rated another one.",
  payload: z.object({ user_id: idField(), rated_user_id: idField() }),
});

export const userBlocked = defineEvent({
  type: "user.blocked",
  about: "A user blocked another one. Neither sees the other from then on.",
  payload: z.object({ user_id: idField(), blocked_user_id: idField() }),
});

export const userUnblocked = defineEvent({
  type: "user.unblocked",
  about: "A user took a block back.",
  payload: z.object({ user_id: idField(), blocked_user_id: idField() }),
});

export const userCreated = defineEvent({
  type: "user.created",
  about: "A user has a profile from now on.",
  payload: ofUser,
});

export const userDeleted = defineEvent({
  type: "user.deleted",
  about: "A user has left. What was computed of them is deleted.",
  payload: ofUser,
});

export const profileHidden = defineEvent({
  type: "profile.hidden",
  about: "A user is not shown to others any more.",
  payload: ofUser,
});

export const profileShown = defineEvent({
  type: "profile.shown",
  about: "A user is shown to others again.",
  payload: ofUser,
});

export const cvUpdated = defineEvent({
  type: "cv.updated",
  about: "A user uploaded a CV or changed what they look for.",
  payload: z.object({ user_id: idField() }),
});

export const postCreated = defineEvent({
  type: "post.created",
  about: "A user wrote a post.",
  payload: z.object({ post_id: idField() }),
});

export const postUpdated = defineEvent({
  type: "post.updated",
  about: "The text or the media of a post changed.",
  payload: z.object({ post_id: idField() }),
});

export const mediaUploaded = defineEvent({
  type: "media.uploaded",
  about: "The file of a media record was uploaded, or another one in its place.",
  payload: z.object({ media_id: idField() }),
});

export const followChanged = defineEvent({
  type: "follow.changed",
  about: "Whether a user may see the whole profile of another one, which is to follow them, changed.",
  payload: z.object({ owner_id: idField(), viewer_id: idField() }),
});

export const projectUpdated = defineEvent({
  type: "project.updated",
  about: "The requirements or the location of a project changed.",
  subjects: ["project"],
  payload: z.object({}),
});

import { z } from "zod";
import { resumes } from "../db/schema/platform.ts";
import { idField } from "../ids.ts";
import { defineEvent } from "./event.ts";

const unreadThread = z.object({
  thread_id: idField(),
  unread: z.int().min(1),
  oldest_unread_id: idField(),
  step: z.int().min(1),
});

/**
 * A user has messages that have been unread for hours. One event covers all of the user's threads; the host
 * may leave `threads` out and set the event's thread instead.
 */
export const threadUnreadStale = defineEvent({
  type: "thread_unread_stale",
  payload: z.object({ user_id: idField(), threads: z.array(unreadThread).optional() }),
});

/**
 * A project's resume is still incomplete some days after its last edit. `step` counts the nudges since that
 * edit.
 */
export const resumeIncompleteNudge = defineEvent({
  type: "resume_incomplete_nudge",
  payload: z.object({
    user_id: idField(),
    resume_kind: z.enum(resumes.kind.enumValues),
    completeness: z.int().min(0).max(100),
    step: z.int().min(1).max(4),
  }),
});

/**
 * A user's meeting begins soon. `start_time` is the start at the time of the reminder: the meeting may be
 * moved later.
 */
export const meetingReminder = defineEvent({
  type: "meeting_reminder",
  payload: z.object({
    user_id: idField(),
    start_time: z.iso.datetime({ offset: true }),
    offset_minutes: z.int().min(1),
  }),
});

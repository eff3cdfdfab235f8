import { z } from "zod";
import { defineEvent, idField } from "./event.ts";

const unreadThread = z.object({
  thread_id: idField(),
  unread: z.int().min(1),
  oldest_unread_id: idField(),
  step: z.int().min(1),
});

/** Messages to a user have waited for long. One for a user, whatever the number of threads; the host may name the one thread alone. */
export const threadUnreadStale = defineEvent({
  type: "thread_unread_stale",
  payload: z.object({ user_id: idField(), threads: z.array(unreadThread).optional() }),
});

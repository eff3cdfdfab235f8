import { sql } from "drizzle-orm";
import { array, rows } from "../../../src/db/statement.ts";
import { defineNotification } from "../../../src/notifications/notification-type.ts";
import { userIn } from "../../../src/notifications/recipients.ts";
import { byInes } from "../../../src/notifications/samples.ts";
import { taskApproved } from "./tasks.ts";

/** For the volunteer. */
export const taskApprovedNotification = defineNotification({
  event: taskApproved,
  recipients: userIn("user_id"),
  access: "none",
  inApp: true,
  email: {
    kind: "immediate",
    section: "Approved tasks",
    button: "View the task",
    reason: "You get this because you completed this task.",
    about: "approved tasks",
    sample: { payload: { user_id: "5", assignment_id: "1", title: "Water & weed" }, names: byInes() },
  },
  texts: {
    title: "Approved: {task}",
    body: "**{actor}** approved **{task}**.",
  },
  translations: {
    de: {
      section: "Bestätigte Aufgaben",
      button: "Aufgabe ansehen",
      reason: "Sie erhalten diese E-Mail, weil Sie diese Aufgabe erledigt haben.",
      about: "bestätigte Aufgaben",
      title: "Bestätigt: {task}",
      body: "**{actor}** hat **{task}** bestätigt.",
    },
  },
  text: ({ payload }, { plain, markdown, actor }) => ({
    title: plain("title", { task: payload.title }),
    body: markdown("body", { actor, task: payload.title }),
    link: `/tasks/${payload.assignment_id}`,
  }),
  /** Not mailed if the approval has been withdrawn. */
  recheck: async (tx, items) => {
    const assignments = array(items.map(({ event }) => event.payload.assignment_id));
    const found = await rows<{ id: string }>(
      tx,
      sql`select id from task_assignments where id = any(${assignments}::bigint[]) and status = 'approved'`,
    );
    const approved = new Set(found.map(({ id }) => id));
    return new Map(
      items.map(({ deliveryId, event }) => [
        deliveryId,
        approved.has(event.payload.assignment_id) ? event : null,
      ]),
    );
  },
});

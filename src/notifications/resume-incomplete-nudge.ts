import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import { resumeIncompleteNudge } from "../events/nudges.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { SAMPLE_GARDENS } from "./samples.ts";
import { named, projectLink } from "./wording.ts";

/** For an owner of the project. */
export const resumeIncompleteNudgeNotification = defineNotification({
  event: resumeIncompleteNudge,
  recipients: userIn("user_id"),
  access: "project-owner",
  inApp: true,
  email: {
    kind: "immediate",
    section: "Incomplete resumes",
    button: "Complete the resume",
    because: "you own this project",
    about: "incomplete resumes",
    sample: {
      payload: { user_id: "5", resume_kind: "project", completeness: 60, step: 1 },
      project: SAMPLE_GARDENS,
    },
  },
  nudge: "profile",
  text: (event) => {
    const { resume_kind: kind, completeness } = event.payload;
    const project = named(event.names.project, "your project");
    return {
      title: `The ${kind} resume of ${project} is ${completeness}% complete`,
      body: `The ${kind} resume of ${bold(project)} is ${bold(`${completeness}%`)} complete. More people find a complete one.`,
      link: `${projectLink(event)}/resume/${kind}`,
    };
  },
  /** A resume that has been completed since needs no nudge. */
  recheck: async (tx, items) => {
    const references = items.map(({ deliveryId, event }) => ({
      delivery_id: deliveryId,
      project_id: event.projectId,
      kind: event.payload.resume_kind,
    }));
    const completed = await rows<{ deliveryId: string }>(
      tx,
      sql`select i.delivery_id as "deliveryId"
          from jsonb_to_recordset(${JSON.stringify(references)}::jsonb) as i(delivery_id bigint, project_id bigint, kind text)
          join resumes r on r.project_id = i.project_id and r.kind = i.kind and r.completeness >= 100`,
    );
    const done = new Set(completed.map(({ deliveryId }) => deliveryId));
    return new Map(items.map(({ deliveryId, event }) => [deliveryId, done.has(deliveryId) ? null : event]));
  },
});

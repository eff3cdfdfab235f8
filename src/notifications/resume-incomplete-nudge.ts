import { sql } from "drizzle-orm";
import { resumeIncompleteNudge } from "../events/nudges.ts";
import { keepWhere } from "./keep-where.ts";
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
    reason: "You get this because you own this project.",
    about: "incomplete resumes",
    sample: {
      payload: { user_id: "5", resume_kind: "project", completeness: 60, step: 1 },
      project: SAMPLE_GARDENS,
    },
  },
  nudge: "profile",
  texts: {
    project: "The project resume of {project} is {completeness} complete",
    projectBody:
      "The project resume of **{project}** is **{completeness}** complete. More people find a complete one.",
    borrower: "The borrower resume of {project} is {completeness} complete",
    borrowerBody:
      "The borrower resume of **{project}** is **{completeness}** complete. More people find a complete one.",
    yourProject: "your project",
  },
  text: (event, { plain, markdown, percent }) => {
    const { resume_kind: kind } = event.payload;
    const project = named(event.names.project, plain("yourProject"));
    const completeness = percent(event.payload.completeness);
    return {
      title: plain(kind, { project, completeness }),
      body: markdown(`${kind}Body`, { project, completeness }),
      link: `${projectLink(event)}/resume/${kind}`,
    };
  },
  /** Not mailed if the resume has been completed, or the project has ended. */
  recheck: (tx, items) =>
    keepWhere(
      tx,
      items,
      sql`not exists (select 1 from resumes r where r.project_id = i.project_id and r.kind = i.payload->>'resume_kind' and r.completeness >= 100)
          and not exists (select 1 from projects p where p.id = i.project_id and p.project_status in ('completed', 'archived'))`,
    ),
});

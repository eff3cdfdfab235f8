import { sql } from "drizzle-orm";
import { candidacyStop, IS_OPEN } from "../db/candidacy.ts";
import { candidateMatched } from "../events/matching.ts";
import { keepWhere } from "./keep-where.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { SAMPLE_LIBRARY } from "./samples.ts";
import { named, projectLink } from "./wording.ts";

/** For the candidate. */
export const candidateMatchedNotification = defineNotification({
  event: candidateMatched,
  recipients: userIn("user_id"),
  access: "none",
  inApp: true,
  email: {
    kind: "digest",
    section: "Matches",
    button: "View the project",
    because: "your skills match this project",
    about: "matches",
    sample: {
      payload: { user_id: "5", score: 92, skills: ["Carpentry", "Book repair", "C++"] },
      project: SAMPLE_LIBRARY,
    },
  },
  nudge: "match",
  text: (event) => {
    const project = named(event.names.project, "A project");
    const { score, skills = [], variant } = event.payload;
    const fit = score === undefined ? "Your skills match" : `Your skills are a ${score}% match for`;
    const matching = skills.length === 0 ? "" : ` Matching skills: ${skills.map(bold).join(", ")}.`;
    return {
      title:
        variant === "fit" ? `You are a match for ${project}` : `${project} is looking for someone like you`,
      body: `${fit} ${bold(project)}.${matching}`,
      link: projectLink(event),
    };
  },
  /** Not mailed if the project has closed, or the volunteer has applied, joined it or hidden their skills. */
  recheck: (tx, items) =>
    keepWhere(
      tx,
      items,
      sql`i.project_id is null or exists (
        select 1 from projects p join volunteers v on v.user_id = i.user_id
        where p.id = i.project_id and ${IS_OPEN} and ${candidacyStop(sql`i.user_id`)} is null)`,
    ),
});

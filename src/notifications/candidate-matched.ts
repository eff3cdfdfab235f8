import { sql } from "drizzle-orm";
import { candidacyStop, IS_OPEN } from "../db/candidacy.ts";
import { candidateMatched } from "../events/matching.ts";
import { cleanName } from "./clean-name.ts";
import { keepWhere } from "./keep-where.ts";
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
    reason: "You get this because your skills match this project.",
    about: "matches",
    sample: {
      payload: { user_id: "5", score: 92, skills: ["Carpentry", "Book repair", "C++"] },
      project: SAMPLE_LIBRARY,
    },
  },
  nudge: "match",
  texts: {
    wanted: "{project} is looking for someone like you",
    fit: "You are a match for {project}",
    aProject: "A project",
    body: "Your skills match **{project}**.",
    withScore: "Your skills are a {score} match for **{project}**.",
    withSkills: "Your skills match **{project}**. Matching skills: {skills}.",
    withBoth: "Your skills are a {score} match for **{project}**. Matching skills: {skills}.",
    skill: "**{name}**",
  },
  text: (event, { plain, markdown, list, percent }) => {
    const project = named(event.names.project, plain("aProject"));
    const { score, variant } = event.payload;
    const names = (event.payload.skills ?? []).map((name) => markdown("skill", { name: cleanName(name) }));
    const skills = { markdown: list(names) };
    const hasSkills = names.length > 0;
    const body =
      score === undefined
        ? markdown(hasSkills ? "withSkills" : "body", { project, skills })
        : markdown(hasSkills ? "withBoth" : "withScore", { project, skills, score: percent(score) });
    return {
      title: plain(variant === "fit" ? "fit" : "wanted", { project }),
      body,
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

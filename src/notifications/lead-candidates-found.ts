import { sql } from "drizzle-orm";
import { leadCandidatesFound } from "../events/matching.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { counted, named, projectLink } from "./wording.ts";

/** For the team lead of the project, else for whoever made it. Nobody else learns who the candidates are. */
export const tellLeadCandidatesFound = defineNotification({
  event: leadCandidatesFound,
  recipients: sql`
    select e.event_id, coalesce(p.team_lead, p.created_by) as user_id from e join projects p on p.id = e.project_id`,
  access: "project",
  inApp: true,
  emailKind: () => "immediate",
  text: (event) => {
    const project = named(event.names.project, "your project");
    const candidates = counted(event.payload.count, "candidate");
    return {
      title: `${candidates} for ${project}`,
      body: `${bold(candidates)} with fitting skills for ${bold(project)}${listed(event.payload.candidates)}.`,
      link: `${projectLink(event)}/candidates`,
    };
  },
});

/** Best first: who they are, and how well they fit. */
const listed = (candidates: readonly { readonly name: string; readonly score: number }[] = []): string =>
  candidates.length === 0
    ? ""
    : `: ${candidates.map(({ name, score }) => `${bold(named(name, "Somebody"))} (${score}%)`).join(", ")}`;

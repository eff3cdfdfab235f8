import { sql } from "drizzle-orm";
import { leadCandidatesFound } from "../events/matching.ts";
import { cleanName } from "./clean-name.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { SAMPLE_GARDENS } from "./samples.ts";
import { counted, named, projectLink } from "./wording.ts";

/** For the project's team lead, or its creator if it has none. Nobody else learns who the candidates are. */
export const leadCandidatesFoundNotification = defineNotification({
  event: leadCandidatesFound,
  recipients: sql`
    select e.event_id, coalesce(p.team_lead, p.created_by) as user_id from e join projects p on p.id = e.project_id`,
  access: "project",
  inApp: true,
  email: {
    kind: "immediate",
    section: "Candidates",
    button: "View the candidates",
    because: "you lead this project",
    about: "candidates",
    sample: {
      payload: {
        count: 3,
        candidates: [
          { user_id: "6", name: "Ada Obi", score: 91 },
          { user_id: "7", name: "Tomás O'Brien", score: 84 },
          { user_id: "8", name: "Lin <Mei>", score: 70 },
        ],
      },
      project: SAMPLE_GARDENS,
    },
  },
  text: (event) => {
    const project = named(event.names.project, "your project");
    const candidates = counted(event.payload.count, "candidate");
    return {
      title: `${candidates} for ${project}`,
      body: `${bold(candidates)} with matching skills for ${bold(project)}${listed(event.payload.candidates)}.`,
      link: `${projectLink(event)}/candidates`,
    };
  },
});

/** Names and scores, best first. */
const listed = (candidates: readonly { readonly name: string; readonly score: number }[] = []): string =>
  candidates.length === 0
    ? ""
    : `: ${candidates.map(({ name, score }) => `${bold(named(cleanName(name), "Someone"))} (${score}%)`).join(", ")}`;

import { candidateMatched } from "../events/matching.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { named, projectLink } from "./wording.ts";

/** For the candidate. */
export const tellCandidateMatched = defineNotification({
  event: candidateMatched,
  recipients: userIn("user_id"),
  access: "none",
  inApp: true,
  emailKind: () => "digest",
  nudge: "match",
  text: (event) => {
    const project = named(event.names.project, "A project");
    const { score, skills = [], variant } = event.payload;
    const fit = score === undefined ? "Your skills fit" : `Your skills are a ${score}% match for`;
    const matched = skills.length === 0 ? "" : ` What you bring: ${skills.map(bold).join(", ")}.`;
    return {
      title: variant === "fit" ? `You fit ${project}` : `${project} looks for somebody like you`,
      body: `${fit} ${bold(project)}.${matched}`,
      link: projectLink(event),
    };
  },
});

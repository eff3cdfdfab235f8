import { candidateMatched } from "../events/candidate-matched.ts";
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
  text: (event) => {
    const project = named(event.names.project, "A project");
    return {
      title: `${project} looks for somebody like you`,
      body: `Your skills fit ${bold(project)}.`,
      link: projectLink(event),
    };
  },
});

import { resumeIncompleteNudge } from "../events/nudges.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { named, projectLink } from "./wording.ts";

/** For an owner of the project. */
export const tellResumeIncompleteNudge = defineNotification({
  event: resumeIncompleteNudge,
  recipients: userIn("user_id"),
  access: "project-owner",
  inApp: true,
  emailKind: () => "immediate",
  nudge: "profile",
  text: (event) => {
    const { resume_kind: kind, completeness } = event.payload;
    const project = named(event.names.project, "your project");
    return {
      title: `The ${kind} resume of ${project} is ${completeness}% complete`,
      body: `The ${kind} resume of ${bold(project)} is ${bold(`${completeness}%`)} complete. A complete one is found by more people.`,
      link: `${projectLink(event)}/resume/${kind}`,
    };
  },
});

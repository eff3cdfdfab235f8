import { projectAccessChanged } from "../events/host.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { actorOf, named, projectLink } from "./wording.ts";

/** For whom it was changed. By e-mail only when they may do more than before. */
export const tellProjectAccessChanged = defineNotification({
  event: projectAccessChanged,
  recipients: userIn("affected_user_id"),
  access: "project",
  inApp: true,
  emailKind: ({ payload }) =>
    payload.old_permission === "view" && payload.new_permission === "edit" ? "immediate" : null,
  text: (event) => {
    const { names, payload } = event;
    const project = named(names.project, "a project");
    return {
      title: `Your access to ${project} changed`,
      body: `${bold(actorOf(names))} changed your access to ${bold(project)}: you may ${payload.new_permission} it now.`,
      link: projectLink(event),
    };
  },
});

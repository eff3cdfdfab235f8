import { projectAccessGranted } from "../events/host.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { actorOf, named, projectLink } from "./wording.ts";

/** For whoever was let in. */
export const tellProjectAccessGranted = defineNotification({
  event: projectAccessGranted,
  recipients: userIn("affected_user_id"),
  access: "project",
  inApp: true,
  emailKind: () => "immediate",
  text: (event) => {
    const { names, payload } = event;
    const project = named(names.project, "a project");
    return {
      title: `You have access to ${project}`,
      body: `${bold(actorOf(names))} gave you access to ${bold(project)}: you may ${payload.new_permission} it.`,
      link: projectLink(event),
    };
  },
});

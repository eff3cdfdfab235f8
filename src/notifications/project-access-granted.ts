import { projectAccessGranted } from "../events/host.ts";
import { keepWhere } from "./keep-where.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { HAS_PERMISSION, userIn } from "./recipients.ts";
import { byInes, SAMPLE_LIBRARY } from "./samples.ts";
import { actorOf, named, projectLink } from "./wording.ts";

/** For the user who was given access. */
export const projectAccessGrantedNotification = defineNotification({
  event: projectAccessGranted,
  recipients: userIn("affected_user_id"),
  access: "project",
  inApp: true,
  email: {
    kind: "immediate",
    section: "Access",
    button: "Open the project",
    because: "you were given access",
    about: "access to projects",
    sample: {
      payload: { affected_user_id: "5", new_permission: "view" },
      names: byInes(),
      project: SAMPLE_LIBRARY,
    },
  },
  text: (event) => {
    const { names, payload } = event;
    const project = named(names.project, "a project");
    return {
      title: `You now have access to ${project}`,
      body: `${bold(actorOf(names))} gave you access to ${bold(project)}. You can ${payload.new_permission} it.`,
      link: projectLink(event),
    };
  },
  /** Not mailed if the permission has changed again. */
  recheck: (tx, items) => keepWhere(tx, items, HAS_PERMISSION),
});

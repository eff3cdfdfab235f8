import { projectAccessGranted } from "../events/host.ts";
import { keepWhere } from "./keep-where.ts";
import { defineNotification } from "./notification-type.ts";
import { HAS_PERMISSION, userIn } from "./recipients.ts";
import { byInes, SAMPLE_LIBRARY } from "./samples.ts";
import { named, projectLink } from "./wording.ts";

export const projectAccessGrantedNotification = defineNotification({
  event: projectAccessGranted,
  to: "the user",
  recipientTables: ["project_access_grants"],
  recipients: userIn("affected_user_id"),
  access: "project",
  inApp: true,
  email: {
    kind: "immediate",
    section: "Access",
    button: "Open the project",
    reason: "You get this because you were given access.",
    about: "access to projects",
    sample: {
      payload: { affected_user_id: "5", new_permission: "view" },
      names: byInes(),
      project: SAMPLE_LIBRARY,
    },
  },
  texts: {
    title: "You now have access to {project}",
    view: "**{actor}** gave you access to **{project}**. You can view it.",
    edit: "**{actor}** gave you access to **{project}**. You can edit it.",
    aProject: "a project",
  },
  text: (event, { plain, markdown, actor }) => {
    const project = named(event.names.project, plain("aProject"));
    return {
      title: plain("title", { project }),
      body: markdown(event.payload.new_permission, { actor, project }),
      link: projectLink(event),
    };
  },
  /** Not mailed if the permission has changed again. */
  recheck: (tx, items) => keepWhere(tx, items, HAS_PERMISSION),
});

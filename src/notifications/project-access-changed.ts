import { projectAccessChanged } from "../events/host.ts";
import { keepWhere } from "./keep-where.ts";
import { defineNotification } from "./notification-type.ts";
import { HAS_PERMISSION, userIn } from "./recipients.ts";
import { byInes, SAMPLE_LIBRARY } from "./samples.ts";
import { named, projectLink } from "./wording.ts";

/** Mailed only when the user can do more than before. */
export const projectAccessChangedNotification = defineNotification({
  event: projectAccessChanged,
  to: "the user",
  recipientTables: ["project_access_grants"],
  recipients: userIn("affected_user_id"),
  access: "project",
  inApp: true,
  email: {
    kind: "immediate",
    appliesTo: ({ payload }) => payload.old_permission === "view" && payload.new_permission === "edit",
    section: "Access",
    button: "Open the project",
    reason: "You get this because your access has changed.",
    about: "access to projects",
    sample: {
      payload: { affected_user_id: "5", old_permission: "view", new_permission: "edit" },
      names: byInes(),
      project: SAMPLE_LIBRARY,
    },
  },
  texts: {
    title: "Your access to {project} changed",
    view: "**{actor}** changed your access to **{project}**. You can now view it.",
    edit: "**{actor}** changed your access to **{project}**. You can now edit it.",
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

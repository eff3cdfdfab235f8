import { projectAccessChanged } from "../events/host.ts";
import { keepWhere } from "./keep-where.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { HAS_PERMISSION, userIn } from "./recipients.ts";
import { byInes, SAMPLE_LIBRARY } from "./samples.ts";
import { actorOf, named, projectLink } from "./wording.ts";

/** For the affected user. Mailed only when they can do more than before. */
export const projectAccessChangedNotification = defineNotification({
  event: projectAccessChanged,
  recipients: userIn("affected_user_id"),
  access: "project",
  inApp: true,
  email: {
    kind: "immediate",
    appliesTo: ({ payload }) => payload.old_permission === "view" && payload.new_permission === "edit",
    section: "Access",
    button: "Open the project",
    because: "your access has changed",
    about: "access to projects",
    sample: {
      payload: { affected_user_id: "5", old_permission: "view", new_permission: "edit" },
      names: byInes(),
      project: SAMPLE_LIBRARY,
    },
  },
  text: (event) => {
    const { names, payload } = event;
    const project = named(names.project, "a project");
    return {
      title: `Your access to ${project} changed`,
      body: `${bold(actorOf(names))} changed your access to ${bold(project)}. You can now ${payload.new_permission} it.`,
      link: projectLink(event),
    };
  },
  /** Not mailed if the permission has changed again. */
  recheck: (tx, items) => keepWhere(tx, items, HAS_PERMISSION),
});

import { documentPermissionGranted } from "../events/host.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { actorOf, documentLink, named } from "./wording.ts";

/** For the user who was given access. */
export const documentPermissionGrantedNotification = defineNotification({
  event: documentPermissionGranted,
  recipients: userIn("affected_user_id"),
  access: "resource",
  inApp: true,
  email: null,
  text: (event) => {
    const { names, payload } = event;
    const file = named(names.resource, "a document");
    return {
      title: `You now have access to ${file}`,
      body: `${bold(actorOf(names))} shared ${bold(file)} with you. You can ${payload.new_permission} it.`,
      link: documentLink(event),
    };
  },
});

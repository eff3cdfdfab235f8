import { documentPermissionGranted } from "../events/host.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { actorOf, documentLink, named } from "./wording.ts";

/** For whoever may see the document now. */
export const tellDocumentPermissionGranted = defineNotification({
  event: documentPermissionGranted,
  recipients: userIn("affected_user_id"),
  access: "resource",
  inApp: true,
  emailKind: () => null,
  text: (event) => {
    const { names, payload } = event;
    const file = named(names.resource, "a document");
    return {
      title: `You have access to ${file}`,
      body: `${bold(actorOf(names))} shared ${bold(file)} with you: you may ${payload.new_permission} it.`,
      link: documentLink(event),
    };
  },
});

import { documentPermissionGranted } from "../events/host.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { documentLink, named } from "./wording.ts";

export const documentPermissionGrantedNotification = defineNotification({
  event: documentPermissionGranted,
  to: "the user",
  recipientTables: ["resource_permissions"],
  recipients: userIn("affected_user_id"),
  access: "resource",
  inApp: true,
  email: null,
  texts: {
    title: "You now have access to {document}",
    view: "**{actor}** shared **{document}** with you. You can view it.",
    edit: "**{actor}** shared **{document}** with you. You can edit it.",
    aDocument: "a document",
  },
  text: (event, { plain, markdown, actor }) => {
    const document = named(event.names.resource, plain("aDocument"));
    return {
      title: plain("title", { document }),
      body: markdown(event.payload.new_permission, { actor, document }),
      link: documentLink(event),
    };
  },
});

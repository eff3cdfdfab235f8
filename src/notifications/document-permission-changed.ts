import { sql } from "drizzle-orm";
import { documentPermissionChanged } from "../events/host.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { documentLink, named } from "./wording.ts";

export const documentPermissionChangedNotification = defineNotification({
  event: documentPermissionChanged,
  to: "the user, if it changed from view to edit",
  recipientTables: ["resource_permissions"],
  recipients: sql`${userIn("affected_user_id")} where e.payload->>'old_permission' = 'view' and e.payload->>'new_permission' = 'edit'`,
  access: "resource",
  inApp: true,
  email: null,
  texts: {
    title: "You can now edit {document}",
    body: "**{actor}** gave you edit access to **{document}**.",
    aDocument: "a document",
  },
  text: (event, { plain, markdown, actor }) => {
    const document = named(event.names.resource, plain("aDocument"));
    return {
      title: plain("title", { document }),
      body: markdown("body", { actor, document }),
      link: documentLink(event),
    };
  },
});

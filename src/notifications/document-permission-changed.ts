import { sql } from "drizzle-orm";
import { documentPermissionChanged } from "../events/host.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { actorOf, documentLink, named } from "./wording.ts";

/** For whoever may edit the document now and could only view it before. */
export const tellDocumentPermissionChanged = defineNotification({
  event: documentPermissionChanged,
  recipients: sql`${userIn("affected_user_id")} where e.payload->>'old_permission' = 'view' and e.payload->>'new_permission' = 'edit'`,
  access: "resource",
  inApp: true,
  emailKind: () => null,
  text: (event) => {
    const file = named(event.names.resource, "a document");
    return {
      title: `You may edit ${file}`,
      body: `${bold(actorOf(event.names))} lets you edit ${bold(file)}.`,
      link: documentLink(event),
    };
  },
});

import { sql } from "drizzle-orm";
import { documentPermissionChanged } from "../events/host.ts";
import { bold } from "./markdown.ts";
import { defineNotification } from "./notification-type.ts";
import { userIn } from "./recipients.ts";
import { actorOf, documentLink, named } from "./wording.ts";

/** For users whose permission changed from view to edit. */
export const documentPermissionChangedNotification = defineNotification({
  event: documentPermissionChanged,
  recipients: sql`${userIn("affected_user_id")} where e.payload->>'old_permission' = 'view' and e.payload->>'new_permission' = 'edit'`,
  access: "resource",
  inApp: true,
  email: null,
  text: (event) => {
    const file = named(event.names.resource, "a document");
    return {
      title: `You can now edit ${file}`,
      body: `${bold(actorOf(event.names))} gave you edit access to ${bold(file)}.`,
      link: documentLink(event),
    };
  },
});

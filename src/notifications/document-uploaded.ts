import { sql } from "drizzle-orm";
import { documentUploaded } from "../events/host.ts";
import { defineNotification } from "./notification-type.ts";
import { projectOwners } from "./recipients.ts";
import { byInes, SAMPLE_GARDENS } from "./samples.ts";
import { documentLink, named } from "./wording.ts";

export const documentUploadedNotification = defineNotification({
  event: documentUploaded,
  to: "users with a grant for the project and its owners, who may see the document, except the actor",
  recipientTables: ["project_access_grants", "organization_members"],
  recipients: sql`
    select r.event_id, r.user_id from e join (
      select e.event_id, g.user_id from e join project_access_grants g on g.project_id = e.project_id
      union all ${projectOwners}
    ) r on r.event_id = e.event_id where r.user_id is distinct from e.actor_id`,
  access: "resource",
  inApp: true,
  email: {
    kind: "digest",
    section: "Documents",
    button: "Open the document",
    reason: "You get this because you have access to this document.",
    about: "new documents",
    sample: {
      payload: {},
      names: byInes({ resource: "Planting plan 2026.pdf" }),
      project: SAMPLE_GARDENS,
    },
  },
  texts: {
    title: "New document in {project}: {document}",
    body: "**{actor}** uploaded **{document}** to **{project}**.",
    aDocument: "a document",
    aProject: "a project",
  },
  text: (event, { plain, markdown, actor }) => {
    const document = named(event.names.resource, plain("aDocument"));
    const project = named(event.names.project, plain("aProject"));
    return {
      title: plain("title", { document, project }),
      body: markdown("body", { actor, document, project }),
      link: documentLink(event),
    };
  },
});

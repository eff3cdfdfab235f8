import { sql } from "drizzle-orm";
import { inviteAccepted } from "../events/host.ts";
import { keepWhere } from "./keep-where.ts";
import { defineNotification } from "./notification-type.ts";
import { byTomas } from "./samples.ts";
import { membersLink, named } from "./wording.ts";

export const inviteAcceptedNotification = defineNotification({
  event: inviteAccepted,
  to: "the owners of the organization, except the new member",
  recipientTables: ["organization_members"],
  recipients: sql`
    select e.event_id, m.user_id from e
    join organization_members m on m.organization_id = (e.payload->>'org_id')::bigint and m.role = 'owner'
    where m.user_id is distinct from coalesce((e.payload->>'new_member_id')::bigint, e.actor_id)`,
  access: "organization-owner",
  inApp: true,
  email: {
    kind: "immediate",
    section: "New members",
    button: "View the team",
    reason: "You get this because you own this organization.",
    about: "accepted invitations",
    sample: { payload: { org_id: "1" }, names: byTomas({ organization: "Green City <North>" }) },
  },
  references: (payload) => ({ organizationId: payload.org_id, userId: payload.new_member_id }),
  texts: {
    title: "{member} joined {organization}",
    body: "**{member}** accepted the invitation to **{organization}**.",
    yourOrganization: "your organization",
  },
  text: (event, { plain, markdown, someone }) => {
    const { names, payload } = event;
    const member = named(names.other ?? names.actor, someone);
    const organization = named(names.organization, plain("yourOrganization"));
    return {
      title: plain("title", { member, organization }),
      body: markdown("body", { member, organization }),
      link: membersLink(event, payload.org_id),
    };
  },
  /** Not mailed if the new member has left. */
  recheck: (tx, items) =>
    keepWhere(
      tx,
      items,
      sql`i.payload->>'new_member_id' is null or exists (
        select 1 from organization_members m
        where m.organization_id = (i.payload->>'org_id')::bigint and m.user_id = (i.payload->>'new_member_id')::bigint)`,
    ),
});

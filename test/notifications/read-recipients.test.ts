import { expect, it } from "vitest";
import { loadEvents, readEvents } from "../../src/notifications/read-events.ts";
import { whoMayAccess } from "../../src/notifications/read-recipients.ts";
import * as factory from "../support/factories.ts";
import * as platform from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

it("whoMayAccess checks current access: a revoked grant and a new one both count", async () => {
  const world = await createWorld();
  const [owner, leaver, newcomer] = (await platform.users(world, 3)) as [string, string, string];
  const organizationId = await factory.organization(world);
  const projectId = await platform.project(world, { organizationId, createdBy: owner });
  await platform.grant(world, projectId, leaver);
  const resourceId = await platform.resource(world, { projectId });
  const eventId = await platform.hostEvent(world, "document_uploaded", { projectId, resourceId });
  const { notifiable } = await readEvents(world.db.drizzle, await loadEvents(world.db.drizzle, [eventId]));
  const [{ event, type }] = notifiable as [(typeof notifiable)[number]];
  const questions = [owner, leaver, newcomer].map((userId) => ({ event, userId }));
  const allowed = async () =>
    [...(await whoMayAccess(world.db.drizzle, type, questions))].map(({ userId }) => userId);
  expect(await allowed()).toEqual([owner, leaver]);
  await world.query("delete from project_access_grants");
  await platform.grant(world, projectId, newcomer);
  expect(await allowed()).toEqual([owner, newcomer]);
  await world.query("delete from resources");
  expect(await allowed()).toEqual([]);
});

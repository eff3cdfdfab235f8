import { expect, it } from "vitest";
import { conversation } from "../support/conversation.ts";
import { projectOf } from "../support/emails.ts";
import * as platform from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

// What hosts may store in one row, and fan-out must not read for each event.

it("of a message, no more is read than an excerpt and its mentions need", async () => {
  const { world, reader, say, shown } = await conversation();
  await say(1, `${"x".repeat(30_000)} @[User](user:${reader}) Look!`);
  await world.drain();
  expect(await shown()).toEqual([{ title: "1 new message in Watering", count: 1, unread: true }]);
});

it("of a name, no more is read than its texts can show", async () => {
  const world = await createWorld();
  const { ownerId, projectId, resourceId } = await projectOf(world);
  await platform.grant(world, projectId, await platform.user(world, { name: "Ada" }));
  await world.query("update users set name = repeat(chr(8203), 2000) || 'Gus' where id = $1", [ownerId]);
  await platform.hostEvent(world, "document_uploaded", { actorId: ownerId, projectId, resourceId });
  await world.drain();
  const shown = await world.query<{ text: string }>("select title || body as text from notifications");
  expect(shown).toHaveLength(1);
  expect(shown[0]?.text).not.toContain("Gus");
});

it("an event whose payload the host has made larger than a webhook call is rejected alone", async () => {
  const world = await createWorld();
  const { ownerId, projectId, resourceId } = await projectOf(world);
  await platform.grant(world, projectId, await platform.user(world, { name: "Ada" }));
  await world.query(
    `insert into domain_events (event_type, actor_id, project_id, resource_id, payload, occurred_at)
     select 'document_uploaded', $1, $2, $3, jsonb_build_object('more', m.more), now()
     from (values ('little'), ((select string_agg(md5(n::text), '') from generate_series(1, 40000) n))) as m(more)`,
    [ownerId, projectId, resourceId],
  );
  await world.drain();
  expect(await world.query("select outcome, reason from event_outcomes order by event_id")).toMatchObject([
    { outcome: "decided" },
    { outcome: "rejected", reason: expect.stringContaining("payload") },
  ]);
  expect(await world.enqueued()).toEqual([]);
});

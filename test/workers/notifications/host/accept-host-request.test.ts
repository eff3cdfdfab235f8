import { expect, it } from "vitest";
import { acceptHostRequest } from "../../../../src/workers/notifications/host/accept-host-request.ts";
import * as platform from "../../../support/platform.ts";
import { createWorld, type World } from "../../../support/world.ts";

const request = async (world: World, job: string, payload: object): Promise<string> => {
  const [row] = await world.query<{ id: string }>("select enqueue($1, $2::jsonb)::text as id", [
    job,
    JSON.stringify(payload),
  ]);
  return row!.id;
};

const others = async (world: World) =>
  (await world.enqueued())
    .filter(({ job }) => job !== acceptHostRequest.name)
    .map(({ job, key, payload }) => ({ job, key, payload }));

it("enqueues what the host requested, with our ids in place of its own", async () => {
  const world = await createWorld();
  const userId = await platform.user(world);
  await world.query("update users set host_id = 'ada' where id = $1", [userId]);
  const ids = [
    await request(world, "place-volunteer", { volunteerId: "ada" }),
    await request(world, "generate-recommendations", { userId: "ada" }),
    await request(world, "calculate-matches", {}),
  ];
  expect(await world.run(acceptHostRequest, ids)).toMatchObject({ done: 3 });
  expect(await others(world)).toEqual([
    { job: "place-volunteer", key: userId, payload: { volunteerId: userId } },
    { job: "generate-recommendations", key: `user:${userId}`, payload: { userId } },
    { job: "calculate-matches", key: "all", payload: {} },
  ]);
});

it("makes one request of several for the same row", async () => {
  const world = await createWorld();
  const userId = await platform.user(world);
  const ids = [
    await request(world, "place-volunteer", { volunteerId: userId }),
    await request(world, "place-volunteer", { volunteerId: Number(userId) }),
  ];
  await world.run(acceptHostRequest, ids);
  expect(await others(world)).toHaveLength(1);
});

it.each([
  ["generate-recommendations", { userId: "1", sinceHours: "soon" }, "sinceHours: invalid_type"],
  ["place-volunteer", {}, "volunteerId: invalid_type"],
  ["calculate-matches", { everything: true }, "everything: unknown field"],
])("a bad payload for %s is a dead letter that names the field", async (job, payload, fault) => {
  const world = await createWorld();
  const id = await request(world, job, payload);
  const good = await request(world, "calculate-matches", {});
  await world.run(acceptHostRequest, [id, good]);
  expect(
    await world.query("select dead_at is not null as dead, error from outbox where id = $1", [id]),
  ).toEqual([{ dead: true, error: expect.stringContaining(fault) }]);
  expect(await others(world)).toMatchObject([{ job: "calculate-matches" }]);
});

it("a row that is not there is waited for, at most a minute", async () => {
  const world = await createWorld();
  await world.query("update users set host_id = 'somebody' where id = $1", [await platform.user(world)]);
  const id = await request(world, "place-volunteer", { volunteerId: "nobody" });
  expect(await world.run(acceptHostRequest, [id])).toMatchObject({ retry: 1 });
  await world.query("update outbox set attempts = 6 where id = $1", [id]);
  expect(await world.run(acceptHostRequest, [id])).toMatchObject({ dead: 1 });
  expect(await world.query("select error from outbox where id = $1", [id])).toEqual([
    { error: "PayloadRejected: refers to unknown rows (volunteerId)" },
  ]);
});

it("a job that no host may request is refused, even if its entry exists", async () => {
  const world = await createWorld();
  const [row] = await world.query<{ id: string }>(
    `insert into outbox (queue, job, key, payload) values ('notifications', $1, 'k', '{"job": "release-commission", "requestedBy": "host"}') returning id::text`,
    [acceptHostRequest.name],
  );
  expect(await world.run(acceptHostRequest, [row!.id])).toMatchObject({ dead: 1 });
  expect(await others(world)).toEqual([]);
});

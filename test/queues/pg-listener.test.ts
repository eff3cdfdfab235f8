import { expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { emit } from "../../src/events/event.ts";
import { commissionHeld } from "../../src/events/rewards.ts";
import { listenForEntries } from "../../src/queues/pg-listener.ts";
import { eventually } from "../support/eventually.ts";
import { hostEvent } from "../support/platform.ts";
import { createWorld, type World } from "../support/world.ts";

/** Counts notifications. The first one says that it is listening. */
async function listening(world: World) {
  const heard = { times: 0 };
  const listener = listenForEntries(world.db, () => {
    heard.times += 1;
  });
  world.closing(() => listener.stop());
  listener.start();
  await eventually(() => expect(heard.times).toBe(1));
  return heard;
}

it("events of the host are notified at once; those of the service are not, since its commits wake the relay", async () => {
  const world = await createWorld();
  const heard = await listening(world);
  await inTransaction(world.db, (tx) =>
    emit(tx, commissionHeld, [
      { payload: { sale_id: "1", amount: "1", reasons: [] }, occurredAt: new Date() },
    ]),
  );
  await hostEvent(world, "document_uploaded");
  await eventually(() => expect(heard.times).toBe(2));
  await hostEvent(world, "document_uploaded");
  await eventually(() => expect(heard.times).toBe(3));
});

it("a lost connection is reopened, and entries added in between are found", async () => {
  const world = await createWorld();
  const heard = await listening(world);
  await world.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'commonwork listen' and datname = current_database()",
  );
  await eventually(() => expect(heard.times).toBe(2));
  await hostEvent(world, "document_uploaded");
  await eventually(() => expect(heard.times).toBe(3));
});

it("the relay takes events of the host without waiting for its poll", async () => {
  const world = await createWorld();
  const { createRelay } = await import("../../src/queues/relay.ts");
  const relay = createRelay({ ...world, pollMs: 3_600_000 });
  world.closing(() => relay.stop());
  await eventually(() => expect(world.producers.ready()).toBe(true));
  relay.start();
  await eventually(async () =>
    expect(
      await world.query(
        "select 1 from pg_stat_activity where application_name = 'commonwork listen' and datname = current_database() and query ilike 'listen%'",
      ),
    ).toHaveLength(1),
  );
  await hostEvent(world, "document_uploaded");
  await eventually(async () =>
    expect(await world.query("select 1 from outbox where carrier is not null")).toHaveLength(1),
  );
});

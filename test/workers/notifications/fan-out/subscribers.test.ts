import { expect, it } from "vitest";
import { z } from "zod";
import { inTransaction } from "../../../../src/db/transaction.ts";
import { defineEvent } from "../../../../src/events/event.ts";
import { idField } from "../../../../src/ids.ts";
import { calculateMatches } from "../../../../src/workers/matching/calculate-matches.ts";
import { placeVolunteer } from "../../../../src/workers/matching/place-volunteer.ts";
import { notifyFanOut } from "../../../../src/workers/notifications/fan-out/notify-fan-out.ts";
import { enqueueSubscribed, subscriber } from "../../../../src/workers/notifications/fan-out/subscribers.ts";
import { singleJob } from "../../../support/jobs.ts";
import { createWorld } from "../../../support/world.ts";

it("an event enqueues the jobs of its subscribers, in its transaction, and nothing else", async () => {
  const job = singleJob();
  const world = await createWorld({ jobs: [job] });
  const ripened = defineEvent({ type: "apple.ripened", payload: z.object({ tree_id: idField() }) });
  const subscribers = [
    subscriber(ripened, job, ({ payload, projectId }) =>
      payload.tree_id === "9" ? null : { item: `${projectId}-${payload.tree_id}` },
    ),
  ];
  const event = (type: string, payload: unknown) => ({ id: "1", type, projectId: "5", payload });
  await inTransaction(world.db, (tx) =>
    enqueueSubscribed(
      tx,
      [
        event("apple.ripened", { tree_id: 7 }),
        event("apple.ripened", { tree_id: "8" }),
        event("apple.ripened", { tree_id: "9" }),
        event("apple.ripened", { tree: "x" }),
        event("pear.ripened", { tree_id: "7" }),
      ],
      subscribers,
    ),
  );
  expect((await world.enqueued(job)).map(({ key }) => key)).toEqual(["5-7", "5-8"]);
});

it("a changed profile places the volunteer, and a changed project recomputes its list", async () => {
  const world = await createWorld();
  await world.query(
    `insert into domain_events (event_type, project_id, payload)
     values ('profile.updated', null, '{"user_id": 7}'), ('project.updated', 5, '{}')`,
  );
  const [fanOut] = await world.enqueued(notifyFanOut);
  await world.run(notifyFanOut, [fanOut!.id]);
  expect((await world.enqueued(placeVolunteer)).map(({ key }) => key)).toEqual(["7"]);
  expect((await world.enqueued(calculateMatches)).map(({ key }) => key)).toEqual(["project:5"]);
});

import { QUEUE_NAMES } from "../../src/config/queues.ts";
import { LOCK_POLICY } from "../../src/queues/queues.ts";
import type { Workers } from "../../src/roles/worker.ts";
import { callWebhook, saleBody, serve, sign } from "../http/support.ts";
import { eventually } from "./eventually.ts";
import { organization, type Person, volunteer } from "./factories.ts";
import * as platform from "./platform.ts";
import { callerContext } from "./traced-world.ts";
import type { World } from "./world.ts";

/** A buyer with one referrer. */
export async function referredBuyer(world: World): Promise<Person> {
  const organizationId = await organization(world);
  const referrer = await volunteer(world, { organizationId });
  return volunteer(world, { organizationId, referrer });
}

/** The seller reports one sale in a trace of its own. @returns the id of that trace. */
export async function sellOnce(address: string, buyer: Person, n = 1): Promise<string> {
  const { context, traceId } = callerContext(n);
  const body = saleBody({ user_id: buyer.userId, transaction_id: `"sale-${n}"` });
  const { status } = await callWebhook(address, body, { headers: { traceparent: context } });
  if (status !== 202) throw new Error(`the sale was answered ${status}`);
  return traceId;
}

/**
 * Workers with the locks of production: on a busy machine those of other tests expire, and a carrier that
 * runs again has spans of its own. The relay has seen that this Redis is new: it would carry again what it
 * carried before that.
 */
export async function patientWorkers(world: World): Promise<Workers> {
  const workers = await world.startWorkers({ locks: LOCK_POLICY });
  await eventually(async () => {
    const marked = await world.producers.redis.exists(`${world.producers.keyPrefix(LAST_QUEUE)}:wipe-marker`);
    if (marked === 0) throw new Error("the relay has not looked at Redis yet");
  });
  return workers;
}

/** The relay marks the queues in their order. */
const LAST_QUEUE = QUEUE_NAMES[QUEUE_NAMES.length - 1] as string;

/** Resolves when no work is left and the carriers of the last one have ended. */
export async function untilSettled(world: World, workers: Workers): Promise<void> {
  await eventually(async () => {
    const left = await world.enqueued();
    if (left.length > 0) throw new Error(`still enqueued: ${left.map(({ job }) => job).join(", ")}`);
  });
  await workers.stop(120_000);
}

/**
 * One sale, from the call of its seller to the notification of the referrer.
 * @returns the id of its trace.
 */
export async function traceOfSale(world: World): Promise<string> {
  const buyer = await referredBuyer(world);
  const address = await serve(world);
  const workers = await patientWorkers(world);
  const traceId = await sellOnce(address, buyer);
  await untilSettled(world, workers);
  return traceId;
}

/** A user of a host, who takes part in a thread. */
export async function invitedUser(world: World): Promise<void> {
  const userId = await platform.user(world, { email: "ada@people.test" });
  const threadId = await platform.thread(world, { participants: [userId] });
  await world.query("update users set host_id = 'lovelace' where id = $1", [userId]);
  await world.query("update chat_threads set host_id = 'plans' where id = $1", [threadId]);
}

/** Emits an event, as a host does in its own transaction, with the trace of its request. */
export async function emitTraced(world: World, context: string | null): Promise<void> {
  const client = await world.db.pool.connect();
  try {
    await client.query("begin");
    if (context !== null)
      await client.query("select set_config(current_schema() || '.trace', $1, true)", [context]);
    await client.query(
      `select emit('chat_thread_participant_added', '{"added_user_id": "lovelace"}', thread => 'plans')`,
    );
    await client.query("commit");
  } finally {
    client.release();
  }
}

/** One event of a host, from its transaction to the e-mail. @returns the id of its trace. */
export async function traceOfEvent(world: World): Promise<string> {
  const { context, traceId } = callerContext(2);
  await invitedUser(world);
  const workers = await patientWorkers(world);
  await emitTraced(world, context);
  await untilSettled(world, workers);
  return traceId;
}

/** The secret with which `traceOfEventCall` signs: DOMAIN_EVENTS_WEBHOOK_SECRET of its world. */
export const EVENTS_SECRET = "the secret of the host of these events";

/** One event that a host sends to the webhook, from its call to the e-mail. @returns the id of its trace. */
export async function traceOfEventCall(world: World): Promise<string> {
  const { context, traceId } = callerContext(3);
  await invitedUser(world);
  const address = await serve(world);
  const workers = await patientWorkers(world);
  const event = {
    id: "invitation-1",
    event_type: "chat_thread_participant_added",
    thread_id: "plans",
    payload: { added_user_id: "lovelace" },
  };
  const body = JSON.stringify({ events: [event] });
  const { status } = await callWebhook(address, body, {
    path: "/webhooks/domain_events",
    headers: {
      "X-Scicent-Signature": null,
      "X-Commonwork-Signature": sign(body, EVENTS_SECRET),
      traceparent: context,
    },
  });
  if (status !== 202) throw new Error(`the event was answered ${status}`);
  await untilSettled(world, workers);
  return traceId;
}

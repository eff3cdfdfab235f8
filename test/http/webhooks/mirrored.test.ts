import { expect, it } from "vitest";
import { hostConnection, mirrored, reconcile } from "../../support/host-platform.ts";
import { createWorld } from "../../support/world.ts";
import { callWebhook, serve, sign } from "../support.ts";

const SECRET = "the long secret of the host";

async function scene(environment: Record<string, string> = {}) {
  const world = await createWorld({
    environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET, ...environment },
  });
  await mirrored(world);
  const host = await hostConnection(world);
  const [ada] = (await host.query("insert into app.accounts (mail) values ('ada@host.test') returning id"))
    .rows;
  const address = await serve(world);
  const send = (path: string, events: readonly unknown[]) => {
    const body = JSON.stringify({ events });
    return callWebhook(address, body, { path, headers: { "X-Commonwork-Signature": sign(body, SECRET) } });
  };
  return { world, host, ada: ada.id as string, send };
}

const event = (userId: string) => ({ id: "e1", event_type: "cv.updated", payload: { user_id: userId } });

it("an event and an engagement may refer to rows that were committed just before the call", async () => {
  const { ada, send, world } = await scene();
  expect(await send("/webhooks/domain_events", [event(ada)])).toMatchObject({
    status: 202,
    body: { status: "accepted" },
  });
  await world.query("insert into app.accounts (mail) values ('ben@host.test')");
  const [ben] = await world.query<{ id: string }>("select id::text from app.accounts where mail like 'ben%'");
  const view = {
    id: "v1",
    user_id: ada,
    target_kind: "user",
    target_id: ben?.id,
    kind: "profile_view",
    occurred_at: new Date(Date.now() - 60_000).toISOString(),
  };
  expect(await send("/webhooks/engagement", [view])).toMatchObject({
    status: 202,
    body: { events: [{ id: "v1", status: "recorded" }] },
  });
});

it("a call gets 503 while a mirror is stopped, and is taken once it has been for long enough", async () => {
  const { world, host, ada, send } = await scene();
  await reconcile(world);
  await host.query(
    "alter table app.accounts rename column mail to email; update app.accounts set email = 'x'",
  );
  const refused = await send("/webhooks/domain_events", [event(ada)]);
  expect(refused).toMatchObject({ status: 503, body: { error: { code: "unavailable" } } });
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await world.query("select 1 from domain_events")).toEqual([]);
  await world.query("update mirrors set stopped_at = now() - interval '1 hour' where stopped_at is not null");
  expect(await send("/webhooks/domain_events", [event(ada)])).toMatchObject({ status: 202 });
});

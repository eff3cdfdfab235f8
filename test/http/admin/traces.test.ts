import { expect, it } from "vitest";
import { delivery } from "../../support/emails.ts";
import { user } from "../../support/platform.ts";
import { takeSale } from "../../support/sales.ts";
import { referredBuyer, sellOnce } from "../../support/trace-scenes.ts";
import { callerContext, tracedWorld } from "../../support/traced-world.ts";
import { serve } from "../support.ts";
import { adminWorld, browser, PASSWORDS } from "./browser.ts";

const { context, traceId } = callerContext();

it("the page of an entry links to its sale, its trace and the other entries of the trace, and back", async () => {
  const { world, address } = await adminWorld();
  const ada = await user(world);
  await world.query(
    `insert into outbox (queue, job, key, payload, run_at, trace) values
       ('commissions', 'distribute-commission', '7', '{"saleId": "7"}', now() + interval '1 day', $1),
       ('notifications', 'notify-fan-out', '3..4', '{"eventIds": ["3", "4"]}', now() + interval '1 day', $1),
       ('matching', 'place-volunteer', '9', jsonb_build_object('volunteerId', $2::text), now() + interval '1 day', null)`,
    [context, ada],
  );
  const viewer = await browser(address, "viewer");
  const page = async (path: string) => (await viewer.send("GET", `/admin/work${path}`)).text();
  const first = await page("/1");
  expect(first).toContain('<a href="/admin/sales/7">Sale 7</a>');
  expect(first).toContain(`<dt>Trace</dt><dd><code>${traceId}</code>`);
  expect(first).toContain('<a href="/admin/work/2">2</a>');
  const second = await page("/2");
  expect(second).toContain('<a href="/admin/notifications/why?event=3">Event 3</a>');
  expect(second).toContain('<a href="/admin/work/1">1</a>');
  const third = await page("/3");
  expect(third).toContain(`<a href="/admin/people/${ada}">${ada}</a>`);
  expect(third).not.toContain("Trace");
  const person = await (await viewer.send("GET", `/admin/people/${ada}`)).text();
  expect(person).toContain(`<a href="/admin/work?field=userId&amp;value=${ada}">`);
});

it("the page of a run and the list of e-mails name the trace, where one was recorded", async () => {
  const { world, address } = await adminWorld();
  await world.query(
    `insert into job_runs (job, trigger, input, status, trace) values ('verify-ledger', 'manual', '{}', 'done', $1)`,
    [context],
  );
  await world.query("insert into email_batches (trace) values ($1), (null)", [context]);
  const userId = await user(world, { email: "ada@people.test" });
  for (const mailing of ["1", "2"]) {
    const deliveryId = await delivery(world, { userId });
    await world.query("insert into emails (batch_id, user_id, delivery_id) values ($1, $2, $3)", [
      mailing,
      userId,
      deliveryId,
    ]);
  }
  const viewer = await browser(address, "viewer");
  const run = await (await viewer.send("GET", "/admin/runs/1")).text();
  expect(run).toContain(`<dt>Trace</dt><dd><code>${traceId}</code>`);
  const emails = await (await viewer.send("GET", "/admin/email-results")).text();
  expect(emails.split(traceId)).toHaveLength(2);
});

it("the page of a sale that was paid names the trace of the call that reported it", async () => {
  const { world } = await tracedWorld({ environment: PASSWORDS });
  const address = await serve(world);
  const traceOfCall = await sellOnce(address, await referredBuyer(world));
  await world.drain();
  expect(await world.query("select id, status from token_sales")).toEqual([{ id: "1", status: "applied" }]);
  const viewer = await browser(address, "viewer");
  expect(await (await viewer.send("GET", "/admin/sales/1")).text()).toContain(
    `<dt>Trace</dt><dd><code>${traceOfCall}</code>`,
  );
});

it("the page of a sale has no trace where none was recorded", async () => {
  const { world, address } = await adminWorld();
  await takeSale(world, { buyer: await referredBuyer(world) });
  const viewer = await browser(address, "viewer");
  const page = await (await viewer.send("GET", "/admin/sales/1")).text();
  expect(page).toContain("<dt>Transaction id</dt>");
  expect(page).not.toContain("<dt>Trace</dt>");
});

import { expect, it } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { profileOf, searchApi } from "../../support/search-people.ts";
import { createWorld, type World } from "../../support/world.ts";
import { callWebhook, saleBody, serve, sign } from "../support.ts";

/** How many requests were counted, by group of routes. */
async function counted(world: World): Promise<Record<string, number>> {
  const { values } = await world.metrics.rateLimited.get();
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels["routes"]), value]));
}

it("calls of a webhook beyond a rate are counted under its name, on whichever of its paths, and no others", async () => {
  const world = await createWorld({ redisUrl: "redis://127.0.0.1:1" });
  const address = await serve(world);
  const paths = [
    "/volunteer_scheduler/webhooks/scicent_sale",
    "/webhooks/scicent_sale/",
    "/webhooks/SCICENT_SALE",
  ];
  const forged = { "X-Scicent-Signature": sign(saleBody(), "another secret") };
  const statuses: number[] = [];
  for (let n = 0; n < 23; n++)
    statuses.push(
      (await callWebhook(address, saleBody(), { path: paths[n % 3] as string, headers: forged })).status,
    );
  expect(statuses).toEqual([...Array(20).fill(401), 429, 429, 429]);
  await eventually(async () => expect(await counted(world)).toEqual({ "webhooks/scicent_sale": 3 }));
});

it("requests of a user beyond a rate are counted under the group of their route", async () => {
  const { world, get } = await searchApi();
  const viewer = await profileOf(world, { name: "Viewer" });
  const statuses: number[] = [];
  for (let n = 0; n < 62; n++) statuses.push((await get("/search/suggest?q=nobody", viewer)).status);
  expect(statuses.filter((status) => status === 429)).toHaveLength(2);
  await eventually(async () => expect(await counted(world)).toEqual({ "api/search": 2 }));
});

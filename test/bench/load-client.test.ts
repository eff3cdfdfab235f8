import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { getRequest, openLoop } from "../../bench/src/load-client.ts";

it("sends each request of an open loop when it is due, the first one at once", async () => {
  const server = createServer((_req, res) => res.setHeader("content-length", 0).end());
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const statuses: number[] = [];
  // A request that waited for the one after it would wait for ever.
  await openLoop((server.address() as AddressInfo).port, [getRequest("/", {})], 1e-9, (_index, status) =>
    statuses.push(status),
  );
  expect(statuses).toEqual([200]);
});

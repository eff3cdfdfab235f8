import { once } from "node:events";
import pg from "pg";
import { expect, inject, it } from "vitest";
import { isDatabaseAbsent } from "../../src/db/faults.ts";
import { streamOf } from "../../src/db/prepared.ts";
import { closeWhenUnanswered } from "../../src/db/unanswered.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";

it("a connection that was idle for longer than the limit is still closed when a statement gets no answer", async () => {
  const proxy = await tcpProxy(Number(new URL(inject("databaseUrl")).port));
  const client = new pg.Client({ connectionString: proxy.through(inject("databaseUrl")), pipeline: true });
  client.on("error", () => undefined);
  await client.connect();
  closeWhenUnanswered(client, 300);
  await client.query("select 1");
  await once(streamOf(client), "timeout");
  await client.query("select 1");
  proxy.swallow();
  const error = await client.query("select 1").catch((failed: unknown) => failed);
  expect(error).toBeInstanceOf(Error);
  expect(isDatabaseAbsent(error)).toBe(true);
});

it("a statement that takes longer than the limit is not cut off while its answer is read", async () => {
  const client = new pg.Client({ connectionString: inject("databaseUrl"), pipeline: true });
  await client.connect();
  closeWhenUnanswered(client, 10_000);
  // The loop is blocked for longer than the limit of the socket would be, with the answer waiting to be read.
  const answer = client.query("select 1 as n");
  streamOf(client).setTimeout(50);
  const until = performance.now() + 150;
  while (performance.now() < until);
  expect((await answer).rows).toEqual([{ n: 1 }]);
  await client.end();
});

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "drizzle-orm";
import { rows } from "../../src/db/statement.ts";
import { defineJob, type OutsideJob } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { type Item, itemPayload, note } from "./jobs.ts";

type Letter = { zebra: string; apple: string; at: string };

/**
 * A job that posts its item to a server outside. Its request has keys out of order, and a time that a second
 * preparation changes.
 */
export const sendJob = (
  url: () => string,
  fields: { attempts?: number; timeLimitMs?: number } = {},
): OutsideJob<Item, Letter, string> =>
  defineJob({
    name: "send-item",
    queue: "notifications",
    description: "Sends an item.",
    payload: itemPayload,
    key: ({ item }) => item,
    ...fields,
    prepare: async ({ item, value }, { tx }) => {
      if (value === "nothing") return { nothing: "there is nothing to send" };
      const [clock] = await rows<{ at: string }>(tx, sql`select clock_timestamp()::text as at`);
      return { request: { zebra: value ?? item, apple: item, at: clock!.at } };
    },
    call: async (request: Letter, { signal }) => {
      const response = await fetch(url(), { method: "POST", body: JSON.stringify(request), signal });
      if (!response.ok) throw new Error(`answered ${response.status}`);
      return response.text();
    },
    record: async ({ item, value }, answer, { tx }) => {
      await note(tx, `${value ?? item}: ${answer}`);
      return done({ sent: 1 });
    },
  });

export type Outside = { readonly url: string; readonly bodies: string[]; close(): Promise<void> };

/** A small external server. It records requests; `answer` computes the answers. */
export async function outsideServer(
  answer: (body: string, response: ServerResponse, request: IncomingMessage) => void | Promise<void> = (
    _body,
    response,
  ) => void response.end("ok"),
): Promise<Outside> {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    bodies.push(body);
    await answer(body, response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

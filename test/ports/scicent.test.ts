import { expect, it, onTestFinished } from "vitest";
import { scicentPort } from "../../src/ports/scicent.ts";
import { outsideServer } from "../support/outside.ts";

const MEGABYTE = 1024 * 1024;

it("an answer of the seller that does not end is given up once it is too large", async () => {
  let sentBytes = 0;
  const server = await outsideServer((_body, response) => {
    const piece = Buffer.alloc(MEGABYTE, " ");
    const send = (): void => {
      while (!response.destroyed) {
        sentBytes += piece.length;
        if (!response.write(piece)) return void response.once("drain", send);
      }
    };
    send();
  });
  onTestFinished(() => server.close());
  const listed = scicentPort({ url: server.url, apiKey: null }).listSales(
    new Date(0),
    new AbortController().signal,
  );
  await expect(listed).rejects.toThrow("the seller's answer is too large");
  expect(sentBytes).toBeLessThan(64 * MEGABYTE);
});

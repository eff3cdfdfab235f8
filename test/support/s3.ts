import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { MediaStoreConfig } from "../../src/config/media.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => "handled" | "usual";

/** Answers as S3 does: an XML document with a code. */
export function s3Error(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): "handled" {
  response.writeHead(status, { "content-type": "application/xml", ...headers });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
  return "handled";
}

/** A bucket on a local server: objects by key, ranges, If-Match, deletes. `answer` may answer instead. */
export async function fakeS3(bucket = "clips") {
  const objects = new Map<string, Buffer>();
  const state = {
    objects,
    /** Method, path and range of each request. */
    requests: [] as string[],
    answer: (() => "usual") as Answer,
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://s3").pathname);
    state.requests.push(`${request.method} ${path} ${request.headers.range ?? ""}`.trim());
    if (state.answer(request, response) === "handled") return;
    const key = path.slice(`/${bucket}/`.length);
    const object = objects.get(key);
    if (request.method === "DELETE") {
      objects.delete(key);
      response.writeHead(204).end();
    } else if (!object) s3Error(response, 404, "NoSuchKey");
    else sendObject(request, response, object);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, {
    endpoint,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
    config: {
      kind: "s3",
      bucket,
      prefix: "",
      region: "us-east-1",
      endpoint,
      credentials: { accessKeyId: "key", secretAccessKey: "secret" },
    } satisfies MediaStoreConfig,
  });
}

const etagOf = (object: Buffer): string => `"${createHash("md5").update(object).digest("hex")}"`;

function sendObject(request: IncomingMessage, response: ServerResponse, object: Buffer): void {
  const etag = etagOf(object);
  const expected = request.headers["if-match"];
  if (expected !== undefined && expected !== etag) return void s3Error(response, 412, "PreconditionFailed");
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from);
  const end = Math.min(to === "" ? object.length - 1 : Number(to), object.length - 1);
  if (start > end) return void s3Error(response, 416, "InvalidRange");
  response.writeHead(206, {
    etag,
    "content-type": "application/octet-stream",
    "content-length": String(end - start + 1),
    "content-range": `bytes ${start}-${end}/${object.length}`,
  });
  response.end(object.subarray(start, end + 1));
}

import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { FileFaulty, StoreUnavailable } from "../../../src/ports/media-store/media-store.ts";
import { s3Store } from "../../../src/ports/media-store/s3.ts";
import { fakeS3, s3Error } from "../../support/s3.ts";

const never = new AbortController().signal;
const KIB = 1024;

/** For a server that does not answer. */
const SHORT = { connectMs: 500, answerMs: 500 };

async function scene(limits?: typeof SHORT) {
  const s3 = await fakeS3();
  const content = randomBytes(200 * KIB);
  s3.objects.set("a/clip.mp4", content);
  const store = s3Store(s3.config, limits);
  /** What opening a key throws, in one word. */
  const faultOf = async (key = "a/clip.mp4") => {
    try {
      await store.open(key, never);
      return "none";
    } catch (error) {
      if (error instanceof FileFaulty) return error.fault;
      return error instanceof StoreUnavailable ? `store: ${error.reason}` : error;
    }
  };
  return { s3, store, content, faultOf };
}

/** Sends an object without looking at the range. */
const sendWhole = (response: ServerResponse, object: Buffer, headers: Record<string, string> = {}) => {
  response.writeHead(200, { "content-length": String(object.length), etag: '"1"', ...headers });
  response.end(object);
  return "handled" as const;
};

describe("media on S3", () => {
  it("are read in ranges, the first of which has the size", async () => {
    const { s3, store, content } = await scene();
    const file = await store.open("a/clip.mp4", never);
    expect(file.size).toBe(content.length);
    expect(Buffer.from(await file.read(10, 500, never))).toEqual(content.subarray(10, 510));
    expect(s3.requests).toEqual(["GET /clips/a/clip.mp4 bytes=0-65535"]);
    const end = content.length - 100;
    expect(Buffer.from(await file.read(end, 100, never))).toEqual(content.subarray(end));
    expect(s3.requests[1]).toBe(`GET /clips/a/clip.mp4 bytes=${end}-${content.length - 1}`);
  });

  it("are below the prefix, whatever the key", async () => {
    const { s3, content } = await scene();
    s3.objects.set("uploads/b.mp4", content);
    const store = s3Store({ ...s3.config, prefix: "uploads/" });
    expect((await store.open("b.mp4", never)).size).toBe(content.length);
    for (const key of ["../a/clip.mp4", "/a/clip.mp4", "a\0b"])
      await expect(store.open(key, never)).rejects.toMatchObject({ fault: "bad-key" });
    expect(s3.requests).toHaveLength(1);
  });

  it("of a server that answers a range request with the whole file are read anyway", async () => {
    const { s3, store, content } = await scene();
    s3.answer = (_request, response) => sendWhole(response, content);
    const file = await store.open("a/clip.mp4", never);
    expect(file.size).toBe(content.length);
    expect(Buffer.from(await file.read(150 * KIB, 20, never))).toEqual(
      content.subarray(150 * KIB, 150 * KIB + 20),
    );
  });

  it("are not used if the server sends another range than requested", async () => {
    const { s3, content, faultOf } = await scene();
    s3.answer = (_request, response) => {
      response.writeHead(206, { "content-range": `bytes 5-104/${content.length}`, "content-length": "100" });
      response.end(content.subarray(5, 105));
      return "handled";
    };
    expect(await faultOf()).toBe("store: it does not support range requests");
  });

  it("that change between two reads are noticed, also without If-Match", async () => {
    const { s3, store } = await scene();
    const file = await store.open("a/clip.mp4", never);
    const changed = randomBytes(200 * KIB);
    s3.objects.set("a/clip.mp4", changed);
    await expect(file.read(100 * KIB, 10, never)).rejects.toMatchObject({ fault: "changed-while-read" });
    s3.answer = (_request, response) => sendWhole(response, changed, { etag: '"2"' });
    await expect(file.read(100 * KIB, 10, never)).rejects.toMatchObject({ fault: "changed-while-read" });
  });

  it.each([
    ["weak ETags", { etag: 'W/"1"' }],
    ["no ETags", { "last-modified": "Mon, 01 Jun 2026 00:00:00 GMT" }],
  ])("of a server with %s are read to their end, since no If-Match can hold", async (_, version) => {
    const { s3, store, content } = await scene();
    s3.answer = (request, response) => {
      if (request.headers["if-match"] !== undefined) return s3Error(response, 412, "PreconditionFailed");
      const [, from, to] = (/^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? []).map(Number);
      const part = content.subarray(from, Number(to) + 1);
      response.writeHead(206, {
        ...version,
        "content-length": String(part.length),
        "content-range": `bytes ${from}-${Number(from) + part.length - 1}/${content.length}`,
      });
      response.end(part);
      return "handled";
    };
    const file = await store.open("a/clip.mp4", never);
    const end = content.length - 100;
    expect(Buffer.from(await file.read(end, 100, never))).toEqual(content.subarray(end));
  });

  it("404 for a key and 416 are faults of the file; a missing bucket is one of the store", async () => {
    const { s3, faultOf } = await scene();
    expect(await faultOf("none")).toBe("missing");
    s3.objects.set("empty", Buffer.alloc(0));
    expect(await faultOf("empty")).toBe("range-not-satisfiable");
    s3.answer = (_request, response) => s3Error(response, 404, "NoSuchBucket");
    expect(await faultOf()).toBe("store: status 404");
  });

  it.each([
    [403, "AccessDenied"],
    [429, "TooManyRequests"],
    [500, "InternalError"],
    [503, "SlowDown"],
  ])("%s is a fault of the store", async (status, code) => {
    const { s3, faultOf } = await scene();
    s3.answer = (_request, response) => s3Error(response, status, code);
    expect(await faultOf()).toBe(`store: status ${status}`);
    expect(s3.requests).toHaveLength(1);
  });

  it("Retry-After is passed on", async () => {
    const { s3, store } = await scene();
    s3.answer = (_request, response) => s3Error(response, 503, "SlowDown", { "retry-after": "30" });
    await expect(store.open("a/clip.mp4", never)).rejects.toMatchObject({ retryAfterMs: 30_000 });
  });

  it("a server that is silent is unavailable", async () => {
    const { s3, faultOf } = await scene(SHORT);
    s3.answer = () => "handled";
    expect(await faultOf()).toBe("store: timeout");
  });

  it("a server that goes away in the middle, or refuses connections, is unavailable", async () => {
    const { s3, content, faultOf } = await scene();
    s3.answer = (_request, response) => {
      response.writeHead(206, {
        etag: '"1"',
        "content-length": "65536",
        "content-range": `bytes 0-65535/${content.length}`,
      });
      response.write(content.subarray(0, 100));
      response.socket?.destroySoon();
      return "handled";
    };
    expect(await faultOf()).toMatch(/^store: /);
    await s3.close();
    expect(await faultOf()).toBe("store: ECONNREFUSED");
  });

  it("stop being read when the signal aborts, which is nobody's fault", async () => {
    const { s3, store } = await scene();
    s3.answer = () => "handled";
    const stopped = new AbortController();
    const opening = store.open("a/clip.mp4", stopped.signal);
    stopped.abort(new Error("stopping"));
    await expect(opening).rejects.toThrow("stopping");
  });

  it("are deleted, once or twice", async () => {
    const { s3, store } = await scene();
    await store.delete("a/clip.mp4", never);
    await store.delete("a/clip.mp4", never);
    expect(s3.objects.size).toBe(0);
  });
});

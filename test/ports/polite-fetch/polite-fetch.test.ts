import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  createPoliteFetch,
  type FetchRequest,
  type PoliteFetchOptions,
} from "../../../src/ports/polite-fetch/polite-fetch.ts";
import { FetchFailed } from "../../../src/ports/requests/fetch-failed.ts";
import type { FetchRecords, RobotsFile } from "../../../src/ports/requests/fetch-records.ts";
import { createRateLimiter } from "../../../src/ports/requests/rate-limiter.ts";
import { VERSION } from "../../../src/version.ts";
import { fakeBoards } from "../../support/job-boards.ts";

const never = new AbortController().signal;
const DAY_MS = 86_400_000;

/** Records of this process. */
function memoryRecords(): FetchRecords & { readonly requests: Map<string, number> } {
  const robots = new Map<string, RobotsFile>();
  const requests = new Map<string, number>();
  return {
    requests,
    async takeRequest(name, perDay) {
      const count = requests.get(name) ?? 0;
      if (count >= perDay) return false;
      requests.set(name, count + 1);
      return true;
    },
    readRobots: async (origin) => robots.get(origin) ?? null,
    storeRobots: async (origin, file) => void robots.set(origin, file),
  };
}

async function scene(options: Partial<PoliteFetchOptions> = {}) {
  const boards = await fakeBoards();
  const clock = { at: new Date("2026-06-02T06:00:00Z"), now: () => clock.at };
  const limiter = createRateLimiter({ redis: null, keyPrefix: "test", perSecond: 1_000 });
  const records = memoryRecords();
  const fetch = createPoliteFetch({
    contact: "ops@example.org",
    limiter,
    records,
    clock,
    allowLoopback: true,
    retryBaseMs: 1,
    ...options,
  });
  const get = (path: string, request: Partial<FetchRequest> = {}) => {
    const url = URL.canParse(path) ? new URL(path) : new URL(path, boards.url);
    const plain = { url, accept: "application/json", validators: null, allowance: null };
    return fetch({ ...plain, ...request }, never);
  };
  /** Why a request failed. */
  const fault = async (path: string, request?: Partial<FetchRequest>): Promise<string> => {
    const error = await get(path, request).catch((e: unknown) => e);
    if (!(error instanceof FetchFailed)) throw new Error("it did not fail");
    return error.fault;
  };
  return { boards, clock, records, limiter, get, fault };
}

describe("a polite request", () => {
  it("sends its name and a contact", async () => {
    const { boards, get } = await scene();
    boards.serve("/a", { body: "{}" });
    expect(await get("/a")).toMatchObject({ kind: "page", text: "{}" });
    expect(boards.headers[0]?.["user-agent"]).toBe(`commonwork/${VERSION} (+ops@example.org)`);
  });

  it("reads only changed pages: by ETag, Last-Modified, or the hash of the body without either", async () => {
    const { boards, get } = await scene();
    boards.serve("/etag", (response, headers) => {
      response.writeHead(headers["if-none-match"] === '"1"' ? 304 : 200, { etag: '"1"' });
      response.end(headers["if-none-match"] === '"1"' ? "" : "one");
    });
    boards.serve("/plain", { body: "same" });
    for (const path of ["/etag", "/plain"]) {
      const first = await get(path);
      if (first.kind !== "page") throw new Error("unchanged before it was read");
      expect(await get(path, { validators: first.validators })).toEqual({ kind: "unchanged" });
    }
  });

  it("obeys robots.txt, reads it once a day, and treats a broken one as a ban", async () => {
    const { boards, clock, get, fault } = await scene();
    boards.robots = { body: "User-agent: commonwork\nDisallow: /private\n" };
    boards.serve("/open", { body: "1" });
    boards.serve("/private/a", { body: "2" });
    await get("/open");
    expect(await fault("/private/a")).toBe("forbidden-by-robots-txt");
    expect(boards.robotsAsked).toBe(1);
    boards.robots = { status: 503 };
    await get("/open");
    clock.at = new Date(clock.at.getTime() + DAY_MS);
    expect(await fault("/open")).toBe("robots-txt-unreachable");
    boards.robots = { status: 404 };
    await get("/private/a");
    expect(boards.requests).toEqual(["/open", "/open", "/private/a"]);
  });

  it("treats a robots.txt full of wildcards as a ban, and follows no overlong address", async () => {
    const { boards, fault, get } = await scene();
    boards.robots = { body: `User-agent: *\nAllow: /${"*a".repeat(9_000)}\nDisallow: /private` };
    boards.serve("/jobs", { body: "{}" });
    expect(await get("/jobs")).toMatchObject({ text: "{}" });
    expect(await fault("/private")).toBe("forbidden-by-robots-txt");
    const wild = await scene();
    wild.boards.robots = { body: `User-agent: *\nAllow: /${"*a".repeat(200_000)}` };
    expect(await wild.fault("/jobs")).toBe("robots-txt-unreachable");
    boards.serve("/far", { status: 302, headers: { location: `/${"a".repeat(3_000)}` } });
    expect(await fault("/far")).toBe("long-url");
  });

  it("sends no more requests a day than the terms allow, redirects and retries counted", async () => {
    const { boards, records, get, fault } = await scene();
    boards.serve("/a", { status: 302, headers: { location: "/b" } });
    boards.serve("/b", { body: "b" });
    const allowance = { name: "remotive", perDay: 4 };
    await get("/a", { allowance });
    await get("/a", { allowance });
    expect(await fault("/a", { allowance })).toBe("requests-per-day-used");
    expect(boards.requests).toHaveLength(4);
    expect(records.requests.get("remotive")).toBe(4);
  });

  it("tries 429 and 5xx again, but not 404", async () => {
    const { boards, get, fault } = await scene();
    const answers = [429, 500, 200];
    boards.serve("/flaky", (response) => void response.writeHead(answers.shift() ?? 200).end("there"));
    expect(await get("/flaky")).toMatchObject({ kind: "page", text: "there" });
    expect(await fault("/nowhere")).toBe("status-404");
    expect(boards.requests).toEqual(["/flaky", "/flaky", "/flaky", "/nowhere"]);
  });

  it("stops calling a host that asks for a long pause, and passes the time on", async () => {
    const { boards, limiter, get } = await scene();
    boards.serve("/busy", { status: 429, headers: { "retry-after": "3600" } });
    const error = await get("/busy").catch((e: unknown) => e);
    expect(error).toMatchObject({ fault: "status-429", retryAfterMs: 3_600_000 });
    expect(boards.requests).toHaveLength(1);
    expect(await limiter.reserve(new URL(boards.url).host, "another")).toBeGreaterThan(3_500_000);
  });
});

describe("a host that breaks", () => {
  const limits = { connectMs: 2_000, totalMs: 400, maxBytes: 64 * 1024 };

  it("hangs: the time is limited", async () => {
    const { boards, fault } = await scene({ limits });
    boards.serve("/hang", () => undefined);
    expect(await fault("/hang")).toBe("timeout");
  });

  it("sends too much, announced or not", async () => {
    const { boards, fault } = await scene({ limits: { ...limits, totalMs: 30_000 } });
    boards.serve("/announced", { body: "x".repeat(70_000) });
    boards.serve("/endless", (response) => {
      // One at an iteration of the event loop, so that the client can read.
      const more = (): void => {
        if (!response.destroyed) response.write("x".repeat(1_000), () => setImmediate(more));
      };
      more();
    });
    expect(await fault("/announced")).toBe("too-large");
    expect(await fault("/endless")).toBe("too-large");
  });

  it("sends a gzip bomb: its decompressed size is limited", async () => {
    const { boards, get, fault } = await scene({ limits: { ...limits, totalMs: 30_000 } });
    const headers = { "content-encoding": "gzip" };
    boards.serve("/bomb", { headers, body: gzipSync(Buffer.alloc(50_000_000)) });
    boards.serve("/fine", { headers, body: gzipSync("fine") });
    boards.serve("/nested", { headers: { "content-encoding": "gzip, gzip" }, body: gzipSync("x") });
    expect(await fault("/bomb")).toBe("too-large");
    expect(await get("/fine")).toMatchObject({ text: "fine" });
    expect(await fault("/nested")).toBe("encoding");
  });

  it("stops in the middle of a body, compressed or not", async () => {
    const { boards, fault } = await scene();
    boards.serve("/half", (response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half", () => response.destroy());
    });
    boards.serve("/half-gzip", (response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.write(gzipSync("x".repeat(1_000)).subarray(0, 15), () => response.destroy());
    });
    expect(await fault("/half")).toBe("connection");
    expect(await fault("/half-gzip")).toBe("connection");
  });

  it("names a wrong charset, or none: the rest is read", async () => {
    const { boards, get } = await scene();
    const latin = Buffer.from([0x63, 0x61, 0x66, 0xe9]);
    boards.serve("/latin", { headers: { "content-type": "text/html; charset=ISO-8859-1" }, body: latin });
    boards.serve("/meta", { body: Buffer.concat([Buffer.from("<meta charset=latin1>"), latin]) });
    boards.serve("/unknown", { headers: { "content-type": "text/html; charset=klingon" }, body: latin });
    boards.serve("/utf16", { body: Buffer.from("\ufeffcafé", "utf16le") });
    expect(await get("/latin")).toMatchObject({ text: "café" });
    expect(await get("/meta")).toMatchObject({ text: "<meta charset=latin1>café" });
    expect(await get("/unknown")).toMatchObject({ text: "caf\ufffd" });
    expect(await get("/utf16")).toMatchObject({ text: "café" });
  });

  it("quotes the charset of another page in a list: the list is read in its own", async () => {
    const { boards, get } = await scene();
    const list = JSON.stringify([{ text: "<meta charset=windows-1251>" }, { text: "Köln" }]);
    boards.serve("/quoted", { headers: { "content-type": "application/json" }, body: list });
    expect(await get("/quoted")).toMatchObject({ text: list });
  });

  it("redirects without end", async () => {
    const { boards, fault } = await scene();
    boards.serve("/loop", { status: 301, headers: { location: "/loop" } });
    expect(await fault("/loop")).toBe("too-many-redirects");
    expect(boards.requests).toHaveLength(6);
  });
});

describe("private addresses are never reached", () => {
  it.each([
    "http://10.0.0.1/",
    "http://167772161/",
    "http://012.0.0.1/",
    "http://0xa000001/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::a00:1]/",
    "http://169.254.169.254/latest/meta-data",
    "http://100.64.0.1/",
    "http://0.0.0.0/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://192.0.2.1/",
    "http://224.0.0.1/",
  ])("%s, at first and after a redirect", async (address) => {
    const { boards, fault } = await scene();
    boards.serve("/away", { status: 302, headers: { location: address } });
    expect(await fault(address)).toBe("private-address");
    expect(await fault("/away")).toBe("private-address");
  });

  it("nor is this machine, unless tests allow it", async () => {
    const { boards, fault } = await scene({ allowLoopback: false });
    boards.serve("/a", { body: "secret" });
    expect(await fault("/a")).toBe("private-address");
    expect(await fault("http://2130706433/")).toBe("private-address");
    expect(await fault("http://[::1]/")).toBe("private-address");
    expect(boards.requests).toEqual([]);
  });

  it.each(["file:///etc/passwd", "ftp://example.org/", "http://user:pass@example.org/"])(
    "nor anything but plain http(s): %s",
    async (address) => {
      const { boards, fault } = await scene();
      boards.serve("/away", { status: 302, headers: { location: address } });
      expect(["protocol", "credentials-in-url"]).toContain(await fault("/away"));
    },
  );

  it("a name that resolves to one is refused, even beside a public address", async () => {
    const resolve = async () => [
      { address: "93.184.215.14", family: 4 },
      { address: "10.0.0.1", family: 4 },
    ];
    const { fault } = await scene({ resolve });
    expect(await fault("http://localhost/")).toBe("private-address");
  });

  it("DNS that changes between lookup and connect has no effect: a name is resolved once for a connection", async () => {
    const answers = ["127.0.0.1", "127.0.0.1", "10.0.0.1"];
    const resolved: string[] = [];
    const resolve = async (hostname: string) => {
      const address = answers[resolved.length] ?? "10.0.0.1";
      resolved.push(hostname);
      return [{ address, family: 4 }];
    };
    const { boards, get, fault } = await scene({ resolve });
    boards.serve("/a", { body: "ours" });
    const address = boards.url.replace("127.0.0.1", "localhost");
    expect(await get(`${address}/a`)).toMatchObject({ text: "ours" });
    // One look-up for robots.txt and one for the page, each of which was connected to as it was checked.
    expect(resolved).toEqual(["localhost", "localhost"]);
    expect(await fault(`${address}/a`)).toBe("private-address");
  });
});

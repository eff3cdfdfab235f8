import { EventEmitter } from "node:events";
import type { Request, Response } from "express";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Session } from "../../../src/http/admin/access/sessions.ts";
import { liveStream } from "../../../src/http/admin/live-stream.ts";
import { createLog } from "../../../src/log.ts";
import { eventually } from "../../support/eventually.ts";
import { adminWorld, type Browser, browser, FORM } from "./browser.ts";

/** Reads a stream until the test ends. */
async function follow(viewer: Browser, path: string) {
  const answer = await viewer.send("GET", path, { headers: { Accept: "text/event-stream" } });
  const seen = { text: "", ended: false };
  const reader = answer.body?.getReader();
  const read = async () => {
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {};
      if (done) break;
      seen.text += Buffer.from(value ?? []).toString();
    }
    seen.ended = true;
  };
  void read().catch(() => undefined);
  const regions = () =>
    [...seen.text.matchAll(/^event: region\ndata: (.*)$/gm)].map(
      ([, json = ""]) => JSON.parse(json) as { name: string; html: string },
    );
  return { answer, seen, regions, close: () => reader?.cancel() };
}

describe("the stream", () => {
  test("sends the parts of the overview, and later only what has changed", async () => {
    const { world, address } = await adminWorld();
    const stream = await follow(await browser(address, "viewer"), "/admin/stream");
    expect(stream.answer.headers.get("content-type")).toContain("text/event-stream");
    await eventually(() => expect(stream.regions().map(({ name }) => name)).toContain("servers"));
    expect(stream.regions().filter(({ name }) => name === "running")).toHaveLength(1);
    await world.query(
      `insert into job_runs (job, trigger, input, status, total, pending) values ('<i>', 'manual', '{}', 'running', 2, 1)`,
    );
    await eventually(() => expect(stream.regions().filter(({ name }) => name === "running")).toHaveLength(2));
    expect(stream.regions().findLast(({ name }) => name === "running")?.html).toContain("&lt;i&gt;");
    expect(stream.regions().filter(({ name }) => name === "charts")).toHaveLength(1);
    await stream.close();
  });

  test("of a run sends its details alone", async () => {
    const { world, address } = await adminWorld();
    await world.query(`insert into job_runs (job, trigger, input) values ('a-job', 'manual', '{}')`);
    const stream = await follow(await browser(address, "viewer"), "/admin/stream?run=1");
    await eventually(() => expect(stream.regions().map(({ name }) => name)).toContain("run-1"));
    expect(new Set(stream.regions().map(({ name }) => name))).toEqual(new Set(["outage", "run-1"]));
    await stream.close();
  });

  test("of tables tells that one of them has changed, and sends nothing else", async () => {
    const { world, address } = await adminWorld();
    const viewer = await browser(address, "viewer");
    const ofRuns = await follow(viewer, "/admin/stream?of=job_runs&of=job_pauses&of=no_table&of=select%201");
    const ofSales = await follow(viewer, "/admin/stream?of=token_sales");
    const told = ({ seen }: Awaited<ReturnType<typeof follow>>) =>
      seen.text.split("event: changed").length - 1;
    await eventually(() => expect(ofSales.seen.text).toContain('{"name":"outage","html":""}'));
    await eventually(() => expect(ofRuns.seen.text).toContain('{"name":"outage","html":""}'));
    const before = told(ofRuns);
    await world.query("insert into job_runs (job, trigger, input) values ('a-job', 'manual', '{}')");
    await eventually(() => expect(told(ofRuns)).toBeGreaterThan(before));
    expect(told(ofSales)).toBe(0);
    expect(new Set(ofRuns.regions().map(({ name }) => name))).toEqual(new Set(["outage"]));
    await ofRuns.close();
    await ofSales.close();
  });

  test("needs a session, and has a limit for each", async () => {
    const { address } = await adminWorld();
    expect((await fetch(`${address}/admin/stream`)).status).toBe(401);
    const viewer = await browser(address, "viewer");
    const open = await Promise.all(Array.from({ length: 12 }, () => follow(viewer, "/admin/stream")));
    expect(open.every(({ answer }) => answer.status === 200)).toBe(true);
    const refused = await viewer.send("GET", "/admin/stream");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "15"]);
    await open[0]?.close();
    await eventually(async () => {
      const again = await follow(viewer, "/admin/stream");
      await again.close();
      expect(again.answer.status).toBe(200);
    });
    for (const stream of open.slice(1)) await stream.close();
  });

  test("says when Postgres does not answer, and when it does again", async () => {
    const { world, address } = await adminWorld();
    const stream = await follow(await browser(address, "viewer"), "/admin/stream");
    await eventually(() => expect(stream.regions().map(({ name }) => name)).toContain("tiles"));
    await world.query("alter table job_runs rename to hidden");
    const outages = () => stream.regions().filter(({ name }) => name === "outage");
    await eventually(() => expect(outages().at(-1)?.html).toContain("Postgres does not answer"));
    await world.query("alter table hidden rename to job_runs");
    await eventually(() => expect(outages().at(-1)?.html).toBe(""));
    await stream.close();
  });

  test("is closed when the server is", async () => {
    const { address } = await adminWorld();
    const viewer = await browser(address, "viewer");
    await follow(viewer, "/admin/stream");
    const signedOut = await viewer.send("POST", "/admin/logout", {
      headers: FORM,
      body: `_csrf=${viewer.csrf}`,
    });
    expect(signedOut.status).toBe(303);
    expect(
      (await viewer.send("GET", "/admin/stream", { headers: { Accept: "text/event-stream" } })).status,
    ).toBe(401);
    // The world closes the server, which would wait for a stream that stays open.
  });
});

describe("a stream of the process", () => {
  type Deps = Parameters<typeof liveStream>[0];

  const sessionUntil = (expiresAt: Date): Session => ({
    login: "viewer",
    role: "viewer",
    id: "s",
    expiresAt,
    csrfToken: "",
    signingKey: "",
  });

  const away = () => Promise.reject(new Error("Postgres is away"));

  const depsOf = (snapshots: Partial<Deps["snapshots"]>, session: Session): Deps => ({
    snapshots: { read: away, runs: away, writes: away, ...snapshots },
    sessions: { read: async () => session, end: async () => undefined },
    log: createLog({ level: "silent", format: "text" }),
    closing: new AbortController().signal,
  });

  /** Opens a stream with a response that records what is done to it. */
  function open(
    handler: ReturnType<typeof liveStream>,
    session: Session,
    { query = {}, buffered = 0 }: { query?: Record<string, string>; buffered?: number } = {},
  ) {
    const done: string[] = [];
    const chain = () => res;
    const res = Object.assign(new EventEmitter(), {
      locals: { session },
      writableLength: buffered,
      status: chain,
      set: chain,
      write: (text: string) => done.push(text),
      end: () => done.push("end"),
      destroy: () => done.push("destroy"),
    });
    handler({ headers: {}, query } as Request, res as unknown as Response, () => undefined);
    return { done, close: () => res.emit("close") };
  }

  /** One stream while Postgres is away. */
  function serveOne({ buffered, expiresAt }: { buffered: number; expiresAt: Date }) {
    const session = sessionUntil(expiresAt);
    return open(liveStream(depsOf({}, session), { pollMs: 1, sessionCheckMs: 0 }), session, { buffered });
  }

  test("is disconnected if its reader does not read", async () => {
    const slow = serveOne({ buffered: 2 * 1024 * 1024, expiresAt: new Date(8.64e15) });
    await eventually(() => expect(slow.done).toContain("destroy"));
    slow.close();
    const quick = serveOne({ buffered: 1_000, expiresAt: new Date(8.64e15) });
    await eventually(() => expect(quick.done.length).toBeGreaterThan(1));
    expect(quick.done).not.toContain("destroy");
    quick.close();
  });

  test("lasts as long as its session by Postgres's clock, whatever the clock of its machine is", async () => {
    const late = serveOne({ buffered: 0, expiresAt: new Date(0) });
    await eventually(() => expect(late.done.length).toBeGreaterThan(1));
    expect(late.done).not.toContain("end");
    late.close();
  });

  describe("by a clock of the test", () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
    afterEach(() => void vi.useRealTimers());
    const session = sessionUntil(new Date(8.64e15));

    test("has news every two seconds, and less often while looks take long", async () => {
      let tookMs = 1;
      let looks = 0;
      const writes = async () => {
        looks += 1;
        await new Promise((resolve) => setTimeout(resolve, tookMs));
        return new Map<string, string>();
      };
      const stream = open(liveStream(depsOf({ writes }, session)), session, { query: { of: "outbox" } });
      await vi.advanceTimersByTimeAsync(6_100);
      expect(looks).toBe(4);
      tookMs = 100;
      await vi.advanceTimersByTimeAsync(2_000);
      expect(looks).toBe(5);
      await vi.advanceTimersByTimeAsync(4_900);
      expect(looks).toBe(5);
      await vi.advanceTimersByTimeAsync(200);
      expect(looks).toBe(6);
      // Postgres has hung: not twelve minutes.
      tookMs = 15_000;
      await vi.advanceTimersByTimeAsync(5_100 + 15_000 + 10_000);
      expect(looks).toBeGreaterThan(7);
      stream.close();
    });

    test("is told of a change after the stream before it, so that not all pages are fetched at once", async () => {
      let writes = 0;
      const counted = async () => new Map([["outbox", String(writes)]]);
      const handler = liveStream(depsOf({ writes: counted }, session));
      const streams = Array.from({ length: 5 }, () => open(handler, session, { query: { of: "outbox" } }));
      const told = () => streams.filter(({ done }) => done.join("").includes("event: changed")).length;
      await vi.advanceTimersByTimeAsync(2_500);
      expect(told()).toBe(0);
      writes = 1;
      await vi.advanceTimersByTimeAsync(1_550);
      expect(told()).toBe(1);
      await vi.advanceTimersByTimeAsync(100);
      expect(told()).toBe(2);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(told()).toBe(5);
      for (const { close } of streams) close();
    });

    test("that is opened during a poll of others is not told that its tables have changed", async () => {
      const counted = async (tables: readonly string[]) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return new Map(tables.map((table) => [table, "0"]));
      };
      const handler = liveStream(depsOf({ writes: counted }, session));
      const first = open(handler, session, { query: { of: "outbox" } });
      await vi.advanceTimersByTimeAsync(25);
      const second = open(handler, session, { query: { of: "token_sales" } });
      await vi.advanceTimersByTimeAsync(20_000);
      expect(second.done.join("")).toContain('{"name":"outage","html":""}');
      expect(second.done.join("")).not.toContain("event: changed");
      for (const { close } of [first, second]) close();
    });

    test("shares the check of its session with others of that session", async () => {
      let checks = 0;
      const deps = depsOf({ writes: async () => new Map() }, session);
      const read = async () => {
        checks += 1;
        return session;
      };
      const handler = liveStream({ ...deps, sessions: { ...deps.sessions, read } });
      const streams = Array.from({ length: 5 }, () => open(handler, session, { query: { of: "outbox" } }));
      await vi.advanceTimersByTimeAsync(33_000);
      expect(checks).toBe(1);
      for (const { close } of streams) close();
    });
  });
});

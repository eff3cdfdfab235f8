import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, inject, onTestFinished, test } from "vitest";
import { PAGES } from "../../../src/http/admin/pages.ts";
import { timetable } from "../../../src/schedules/timetable.ts";
import { ownPostgres } from "../../support/own-postgres.ts";
import { tcpProxy } from "../../support/tcp-proxy.ts";
import type { World } from "../../support/world.ts";
import { areasDay, computedDay } from "./areas-scene.ts";
import { adminWorld, type Browser, browser, FORM, PASSWORDS } from "./browser.ts";
import { busyDay } from "./dashboard-scene.ts";

// Operators open the dashboard when something is wrong. Whatever Postgres does, each page answers, in words.

const HTML = { Accept: "text/html" };
/** Far above what a page waits for: a page that is not answered by then hangs. */
const HANGS_MS = 120_000;

type Answer = { readonly status: number; readonly retryAfter: string | null; readonly text: string };

async function answerOf(response: Promise<Response>): Promise<Answer> {
  const answer = await response;
  return { status: answer.status, retryAfter: answer.headers.get("retry-after"), text: await answer.text() };
}

const open = (by: Browser, path: string): Promise<Answer> =>
  answerOf(by.send("GET", `/admin${path}`, { headers: HTML, signal: AbortSignal.timeout(HANGS_MS) }));

const submit = (by: Browser, path: string): Promise<Answer> =>
  answerOf(
    by.send("POST", `/admin${path}`, {
      headers: { ...FORM, ...HTML },
      body: new URLSearchParams({ _csrf: by.csrf, reason: "to try it", seconds: "3600" }).toString(),
      signal: AbortSignal.timeout(HANGS_MS),
    }),
  );

/** A stack, a statement or a code of Postgres, which say nothing to an operator. */
const INSIDE = /\bat [\w./<>]+ \(|node_modules|\.ts:\d|Failed query|insert into|\b(25006|57014|08006)\b/;

const unavailable = (text: string) => ({
  status: 503,
  retryAfter: "5",
  text: expect.stringContaining(text),
});

/** Something on every page. @returns the paths of the pages, and of forms that change something. */
async function scene(world: World): Promise<{ paths: string[]; forms: string[] }> {
  const details = [...(await areasDay(world)), ...(await computedDay(world))];
  await busyDay(world);
  const idOf = async (rows: string) => (await world.query<{ id: string }>(`select id ${rows}`))[0]?.id;
  const dead = await idOf("from outbox where dead_at is not null order by id limit 1");
  const held = await idOf("from token_sales where status = 'held' limit 1");
  const run = await idOf("from job_runs order by id limit 1");
  return {
    paths: [
      ...PAGES.map(({ path }) => path),
      ...details,
      "/queue/commissions?span=1+day",
      `/runs/${run}`,
      "/jobs/calculate-matches",
      `/work/${dead}`,
      "/work/bulk?job=distribute-commission&action=retry",
    ],
    forms: [
      `/work/${dead}/retry`,
      `/work/${dead}/discard`,
      "/jobs/trending/pause",
      "/schedules/trending/pause",
      "/schedules/trending/run",
      `/sales/${held}/release`,
    ],
  };
}

test("while Postgres is read-only every page is shown, and each form is refused by a page that says why", async () => {
  const postgres = await ownPostgres();
  const { world, address } = await adminWorld(PASSWORDS, { timetable, databaseUrl: () => postgres.url });
  const { paths, forms } = await scene(world);
  const [admin, viewer] = [await browser(address, "admin"), await browser(address, "viewer")];
  const before = await Promise.all(paths.map((path) => open(viewer, path)));
  await postgres.demote();
  for (const [n, path] of paths.entries()) {
    const shown = await open(viewer, path);
    expect([path, shown.status]).toEqual([path, before[n]!.status]);
    expect(shown.text, path).not.toMatch(INSIDE);
  }
  for (const form of forms) {
    const refused = await submit(admin, form);
    expect([form, refused]).toEqual([form, unavailable("accepts no changes. Nothing was changed.")]);
    expect(refused.text).toContain("Try again in 5 s.");
    expect(refused.text, form).not.toMatch(INSIDE);
  }
  await postgres.promote();
  expect((await submit(admin, "/schedules/trending/pause")).status).toBe(303);
});

/** A server that takes connections and never says anything. @returns its port. */
async function silentServer(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined).resume());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

/** The overview says so itself; the others need Postgres only once they are asked something. */
const WITHOUT_POSTGRES: readonly string[] = ["/", "/emails", "/explain", "/people"];

test("while Postgres hangs every page and form is answered within its limit by a page that says why", async () => {
  const postgresPort = Number(new URL(inject("databaseUrl")).port);
  const proxy = await tcpProxy(postgresPort);
  const silentPort = await silentServer();
  const { world, address } = await adminWorld(PASSWORDS, {
    timetable,
    databaseUrl: (url) => proxy.through(url),
  });
  const { paths, forms } = await scene(world);
  const [admin, viewer] = [await browser(address, "admin"), await browser(address, "viewer")];
  // What is open says nothing any more, and what is opened never begins to.
  proxy.lead(silentPort);
  proxy.swallow();
  const shown = await Promise.all(paths.map((path) => open(viewer, path)));
  const submitted = await Promise.all(forms.map((form) => submit(admin, form)));
  // Before anything can fail: the world looks at its database when it closes.
  proxy.lead(postgresPort);
  proxy.reset();

  for (const [n, path] of paths.entries()) {
    const page = shown[n]!;
    expect(page.text, path).not.toMatch(INSIDE);
    if (WITHOUT_POSTGRES.includes(path)) expect([path, page.status]).toEqual([path, 200]);
    else expect([path, page]).toEqual([path, unavailable("Postgres does not answer")]);
  }
  expect(shown[0]?.text).toContain("Postgres does not answer.");
  for (const [n, form] of forms.entries())
    expect([form, submitted[n]]).toEqual([form, unavailable("Nothing was changed.")]);
  for (const { path } of PAGES) expect((await open(viewer, path)).status, path).toBe(200);
});

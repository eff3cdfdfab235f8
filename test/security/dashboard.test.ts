import { appRoutes } from "@bull-board/api/dist/routes.js";
import { expect, it } from "vitest";
import { isServed } from "../../src/http/admin/board/board.ts";
import { adminWorld, browser, FORM, PASSWORDS, send, signIn } from "../http/admin/browser.ts";
import { serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";

const TRUSTED = { ...PASSWORDS, TRUST_PROXY: "1" };

it("a session that was signed out is over, also for copies of its cookie and in other processes", async () => {
  const { world, address } = await adminWorld();
  const other = await serve(world);
  const answer = await signIn(address, "admin", PASSWORDS.ADMIN_PASSWORD);
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0] ?? "");
  const csrf = cookies.find((cookie) => cookie.startsWith("XSRF-TOKEN="))?.split("=")[1] ?? "";
  const copied = { Cookie: cookies.join("; ") };
  expect((await send(address, "GET", "/admin/dead-letters", copied)).status).toBe(200);
  const out = await send(address, "POST", "/admin/logout", { ...FORM, ...copied }, `_csrf=${csrf}`);
  expect(out.status).toBe(303);
  for (const each of [address, other]) {
    expect((await send(each, "GET", "/admin/dead-letters", copied)).status).toBe(401);
    const change = { ...copied, "X-XSRF-TOKEN": csrf };
    expect((await send(each, "POST", "/admin/queue/multipliers/pause", change)).status).toBe(401);
  }
  // A session of the same login is not affected, and rows go once they have expired.
  const again = await browser(address, "admin");
  expect((await again.send("GET", "/admin/dead-letters")).status).toBe(200);
  world.at(new Date(world.clock.now().getTime() + 13 * 3_600_000).toISOString());
  const later = await browser(address, "viewer");
  await later.send("POST", "/admin/logout", { headers: FORM, body: `_csrf=${later.csrf}` });
  expect(await world.query("select 1 from ended_sessions")).toHaveLength(1);
});

it("guesses from many addresses are limited per login, and do not lock out who has signed in before", async () => {
  const { world, address } = await adminWorld(TRUSTED);
  await eventually(() => expect(world.producers.ready()).toBe(true));
  const known = await signIn(address, "admin", PASSWORDS.ADMIN_PASSWORD);
  const device = known.headers.getSetCookie().find((cookie) => cookie.startsWith("cw_device="));
  const guess = (n: number) =>
    signIn(address, "admin", "guess", { "X-Forwarded-For": `203.0.${n >> 3}.${n & 7}` });
  const statuses: number[] = [];
  for (let n = 0; n < 60; n++) statuses.push((await guess(n)).status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(50);
  expect(statuses.at(-1)).toBe(429);
  const right = (headers: Record<string, string>) =>
    signIn(address, "admin", PASSWORDS.ADMIN_PASSWORD, { "X-Forwarded-For": "203.0.113.9", ...headers });
  expect((await right({})).status).toBe(429);
  expect((await right({ Cookie: device?.split(";")[0] ?? "" })).status).toBe(303);
  // The cookie of another login, or a forged one, is worth nothing.
  expect((await right({ Cookie: "cw_device=admin.AAAAAAAAAAAAAAAAAAAAAA.9999999999999.x" })).status).toBe(
    429,
  );
  expect((await signIn(address, "viewer", PASSWORDS.VIEWER_PASSWORD)).status).toBe(303);
});

it("ten wrong logins from an address do not lock out a browser that has signed in from it", async () => {
  const { world, address } = await adminWorld();
  await eventually(() => expect(world.producers.ready()).toBe(true));
  const first = await signIn(address, "admin", PASSWORDS.ADMIN_PASSWORD);
  const device = first.headers.getSetCookie().find((cookie) => cookie.startsWith("cw_device="));
  for (let n = 0; n < 12; n++) await signIn(address, "admin", "guess");
  expect((await signIn(address, "admin", PASSWORDS.ADMIN_PASSWORD)).status).toBe(429);
  const again = await signIn(address, "admin", PASSWORDS.ADMIN_PASSWORD, {
    Cookie: device?.split(";")[0] ?? "",
  });
  expect(again.status).toBe(303);
});

it("a failed login leaves an audit row with its address, and is counted", async () => {
  const { world, address } = await adminWorld(TRUSTED);
  await signIn(address, "admin", "guess", { "X-Forwarded-For": "203.0.113.9" });
  await signIn(address, "'; drop table users", "guess", { "X-Forwarded-For": "2001:db8:1:2::9" });
  expect(
    await world.query(
      "select actor, subject, details from audit_log where action = 'admin.login-failed' order by id",
    ),
  ).toEqual([
    { actor: "anonymous", subject: "login:admin", details: { address: "203.0.113.9" } },
    { actor: "anonymous", subject: "login:unknown", details: { address: "2001:db8:1:0::/56" } },
  ]);
  expect((await world.metrics.logins.get()).values).toEqual([{ labels: { outcome: "rejected" }, value: 2 }]);
});

it("Bull Board serves the routes that are listed, which only read, and no others of its version", () => {
  const served = appRoutes.api.filter(isServed).map(({ method, route }) => `${method} ${route}`);
  expect(served).toEqual([
    "get /api/queues",
    "get /api/job-schedulers",
    "get /api/queues/:queueName/metrics",
    "get /api/queues/:queueName/default-job-options",
    "get /api/queues/:queueName/workers",
    "get /api/queues/:queueName/rate-limit",
    "get /api/queues/:queueName/job-data-schema",
    "get /api/queues/:queueName/:jobId/logs",
    "get /api/queues/:queueName/:jobId/flow",
    "get /api/queues/:queueName/:jobId",
  ]);
});

it("Bull Board answers each of its buttons that is not served with where to go instead", async () => {
  const { address } = await adminWorld();
  const admin = await browser(address, "admin");
  const refused = appRoutes.api.filter((route) => !isServed(route));
  expect(refused.length).toBeGreaterThan(10);
  for (const { method, route } of refused) {
    const path = [route].flat()[0]?.replace(":queueName", "multipliers").replace(/:\w+/g, "1");
    const answer = await admin.send(String(method).toUpperCase(), `/admin/queues${path}`, {
      headers: { "X-XSRF-TOKEN": admin.csrf, "Content-Type": "application/json" },
      ...(method === "get" ? {} : { body: "{}" }),
    });
    expect([path, answer.status]).toEqual([path, 405]);
    // The board shows both texts.
    expect(await answer.json()).toEqual({
      error: "Not available here",
      message: expect.stringContaining("Dead letters"),
    });
  }
});

it("Bull Board shows no text of a carrier: neither name, options, progress, error, stack nor log", async () => {
  const { world, address } = await adminWorld();
  const viewer = await browser(address, "viewer");
  const queue = world.producers.queue("multipliers");
  const secret = "Ada Lovelace <ada@example.org>";
  const job = await queue.add(`for ${secret}`, { entries: ["7"], to: secret }, { priority: 1, jobId: "j1" });
  await job.updateProgress({ for: secret });
  await job.log(secret);
  const key = `${queue.opts.prefix}:multipliers:j1`;
  await world.producers.redis.hset(key, {
    failedReason: `could not write to ${secret}`,
    stacktrace: JSON.stringify([`Error: ${secret}\n    at send (file:///app/dist/email/send.js:12:7)`]),
    returnvalue: JSON.stringify({ to: secret }),
    opts: JSON.stringify({ priority: 1, attempts: 1, note: secret }),
  });
  const texts = [];
  for (const path of ["j1", "j1/logs", "j1/flow"])
    texts.push(await (await viewer.send("GET", `/admin/queues/api/queues/multipliers/${path}`)).text());
  texts.push(await (await viewer.send("GET", "/admin/queues/api/queues?activeQueue=multipliers")).text());
  expect(texts.join()).not.toMatch(/ada@example|Lovelace/);
  expect(texts[0]).toContain('"entries":["7"]');
  expect(texts[0]).toContain("send.js:12:7");
});

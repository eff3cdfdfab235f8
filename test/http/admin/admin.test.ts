import { describe, expect, test } from "vitest";
import { QUEUE_NAMES } from "../../../src/config/queues.ts";
import { eventually } from "../../support/eventually.ts";
import type { World } from "../../support/world.ts";
import { adminWorld, type Browser, browser, FORM, PASSWORDS, postForm, send, signIn } from "./browser.ts";

const PAUSE = "/admin/queue/multipliers/pause";

const audited = (world: World) =>
  world.query<{ actor: string; subject: string; details: { status: number } }>(
    "select actor, subject, details from audit_log where action = 'admin.request' order by id",
  );
const isPaused = async (world: World) => (await world.query("select 1 from job_pauses")).length > 0;

describe("access", () => {
  test("without a password the dashboard is disabled", async () => {
    const { address } = await adminWorld({});
    for (const path of ["/admin", "/admin/login", "/admin/queues"]) {
      const answer = await send(address, "GET", path);
      expect(answer.status).toBe(404);
      expect(await answer.text()).toMatch(/disabled.*ADMIN_PASSWORD/s);
    }
  });

  test("browsers are redirected to the login, other clients get 401", async () => {
    const { address } = await adminWorld();
    const page = await send(address, "GET", "/admin/queues", { Accept: "text/html" });
    expect(page.status).toBe(303);
    expect(page.headers.get("location")).toBe("/admin/login?next=%2Fadmin%2Fqueues");
    expect((await send(address, "GET", "/admin/queues/api/queues")).status).toBe(401);
    expect((await send(address, "POST", PAUSE)).status).toBe(401);
    expect((await send(address, "GET", "/admin/queues/static/js/main.js", { Accept: "*/*" })).status).toBe(
      401,
    );
  });

  test("an unknown page is 404: a page for browsers, JSON for other clients", async () => {
    const { address } = await adminWorld();
    const viewer = await browser(address, "viewer");
    const page = await viewer.send("GET", "/admin/nothing", { headers: { Accept: "text/html" } });
    expect([page.status, await page.text()]).toEqual([
      404,
      expect.stringContaining("There is no such page."),
    ]);
    const answer = await viewer.send("GET", "/admin/nothing");
    expect([answer.status, await answer.json()]).toMatchObject([404, { error: { code: "not-found" } }]);
  });

  test("the login page and its cookies", async () => {
    const { address, world } = await adminWorld();
    const page = await send(address, "GET", '/admin/login?next=/admin/"><script>');
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(await page.text()).not.toContain("<script>");
    expect((await send(address, "GET", "/admin/assets/style.css")).status).toBe(200);
    const answer = await signIn(address, "admin", PASSWORDS.ADMIN_PASSWORD);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/admin"]);
    const [session, token, device] = answer.headers.getSetCookie();
    expect(session).toMatch(/^cw_session=.*; Path=\/admin;.*HttpOnly; SameSite=Strict$/);
    expect(session).not.toContain("Secure");
    expect(token).toMatch(/^XSRF-TOKEN=[\w-]+; .*SameSite=Strict$/);
    expect(token).not.toContain("HttpOnly");
    expect(device).toMatch(/^cw_device=.*; Path=\/admin;.*HttpOnly; SameSite=Strict$/);
    await eventually(async () =>
      expect(await audited(world)).toMatchObject([{ actor: "admin", subject: "POST /admin/login" }]),
    );
  });

  test("cookies are secure behind an https proxy", async () => {
    const { address } = await adminWorld({ ...PASSWORDS, TRUST_PROXY: "1" });
    const answer = await signIn(address, "viewer", PASSWORDS.VIEWER_PASSWORD, {
      "X-Forwarded-Proto": "https",
    });
    for (const cookie of answer.headers.getSetCookie()) expect(cookie).toContain("; Secure");
  });

  test("the login redirects only to pages under /admin", async () => {
    const { address } = await adminWorld();
    const landing = async (next: string) => {
      const form = new URLSearchParams({ login: "viewer", password: PASSWORDS.VIEWER_PASSWORD, next });
      return (await send(address, "POST", "/admin/login", FORM, form.toString())).headers.get("location");
    };
    for (const page of [
      "/admin/dead-letters?job=x",
      "/admin/notifications?within=30+days&reason=frequency",
      "/admin/people/usr%3A7%2Fb?find=ada%40people.example",
      "/admin/work?key=a*b~c(d)!",
    ])
      expect(await landing(page)).toBe(page);
    for (const next of [
      "https://evil.example",
      "//evil.example",
      "/admin//evil.example",
      "/adminevil",
      "/admin\\@evil",
      "/admin/../../evil",
      "/admin/%2e%2e/%2e%2e/evil",
      "http:/evil.example/admin",
      "/\t/evil.example/admin",
      "admin",
    ]) {
      expect(await landing(next)).toBe("/admin");
    }
  });

  test("wrong logins and wrong passwords get the same answer, and too many get 429", async () => {
    const { address, world } = await adminWorld();
    await eventually(() => expect(world.producers.ready()).toBe(true));
    const statuses: number[] = [];
    for (let n = 0; n < 11; n++)
      statuses.push((await signIn(address, n % 2 ? "admin" : "nobody", "guess")).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
    const answer = await signIn(address, "admin", PASSWORDS.ADMIN_PASSWORD);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(1);
    expect(await audited(world)).toEqual([]);
  });

  test("signing out clears the cookies", async () => {
    const { address } = await adminWorld();
    const viewer = await browser(address, "viewer");
    expect((await viewer.send("POST", "/admin/logout")).status).toBe(403);
    const answer = await viewer.send("POST", "/admin/logout", {
      headers: FORM,
      body: `_csrf=${viewer.csrf}`,
    });
    expect(answer.status).toBe(303);
    for (const cookie of answer.headers.getSetCookie())
      expect(cookie).toMatch(/=; .*Expires=Thu, 01 Jan 1970/);
  });
});

describe("errors in a browser", () => {
  const HTML = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  const submit = async (by: Browser, path: string, fields: Record<string, string>, from = "/admin/work") => {
    const answer = await by.send("POST", path, {
      headers: { ...FORM, ...HTML, Referer: `http://127.0.0.1${from}` },
      body: new URLSearchParams(fields).toString(),
    });
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
  };

  test("a form that is refused is answered by a page that says why and leads back", async () => {
    const { address, world } = await adminWorld();
    const admin = await browser(address, "admin");
    await world.query(
      "insert into outbox (queue, job, key, payload, dead_at) values ('feeds', 'refresh-feed', '7', '{}', now())",
    );
    const refused = await submit(
      admin,
      "/admin/work/1/retry",
      { _csrf: admin.csrf, reason: " " },
      "/admin/work?within=30+days",
    );
    expect(refused).toMatchObject({ status: 422, type: "text/html; charset=utf-8" });
    expect(refused.text).toContain("<li>reason must say why, for the audit log</li>");
    expect(refused.text).toContain('<a href="/admin/work?within=30+days">Back</a>');
    const forged = await submit(
      admin,
      "/admin/work/1/retry",
      { _csrf: "old", reason: "x" },
      "//evil.example",
    );
    expect(forged.status).toBe(403);
    expect(forged.text).toContain("This page belongs to another session: reload it and try again.");
    expect(forged.text).toContain('<a href="/admin">Back</a>');
    const viewer = await browser(address, "viewer");
    const readOnly = await submit(viewer, "/admin/work/1/retry", { _csrf: viewer.csrf, reason: "x" });
    expect([readOnly.status, readOnly.text]).toEqual([403, expect.stringContaining("Sign in as admin.")]);
    const bulk = await admin.send("GET", "/admin/work/bulk?action=retry", { headers: HTML });
    expect([bulk.status, await bulk.text()]).toEqual([422, expect.stringContaining("select entries by job")]);
  });

  test("a form that is sent after the session ended leads to the login and back to its page", async () => {
    const { address } = await adminWorld();
    const admin = await browser(address, "admin");
    await postForm(admin, "/admin/logout");
    const late = await submit(
      admin,
      "/admin/work/1/retry",
      { _csrf: admin.csrf, reason: "x" },
      "/admin/work?older=1+day",
    );
    expect(late.status).toBe(401);
    expect(late.text).toContain("You are signed out, and nothing was changed.");
    expect(late.text).toContain('href="/admin/login?next=%2Fadmin%2Fwork%3Folder%3D1%2Bday"');
  });
});

const REASON = "reason=the+job+is+wrong&by=1+hour";

describe("requests that change something", () => {
  test("programs send the token in a header, and each request is audited with the operator's name", async () => {
    const { address, world } = await adminWorld({
      ...PASSWORDS,
      OPERATOR_PASSWORDS: "ada:difference engine",
    });
    const ada = await browser(address, "admin", { login: "ada", password: "difference engine" });
    const answer = await ada.send("POST", PAUSE, {
      headers: { ...FORM, "X-XSRF-TOKEN": ada.csrf, "Sec-Fetch-Site": "same-origin" },
      body: REASON,
    });
    expect(answer.status).toBe(303);
    expect(await isPaused(world)).toBe(true);
    await eventually(async () =>
      expect(await audited(world)).toMatchObject([
        { actor: "ada", subject: "POST /admin/login", details: { status: 303, address: "127.0.0.1" } },
        {
          actor: "ada",
          subject: `POST ${PAUSE}`,
          details: { status: 303, answered: true, address: "127.0.0.1", reason: "the job is wrong" },
        },
      ]),
    );
    expect(
      await world.query("select actor, details from audit_log where action = 'queues.pause'"),
    ).toMatchObject([{ actor: "ada", details: { reason: "the job is wrong", address: "127.0.0.1" } }]);
    expect(await (await ada.send("GET", "/admin")).text()).toContain("<span>ada (admin)</span>");
  });

  test("viewers change nothing, and their attempts are audited", async () => {
    const { address, world } = await adminWorld();
    const viewer = await browser(address, "viewer");
    for (const path of [PAUSE, "/admin/queues/api/queues/pause", "/admin/dead-letters/1/retry"]) {
      const answer = await viewer.send("POST", path, { headers: { "X-XSRF-TOKEN": viewer.csrf } });
      expect(answer.status).toBe(403);
    }
    expect(await isPaused(world)).toBe(false);
    await eventually(async () =>
      expect(
        (await audited(world)).filter(({ actor, details }) => actor === "viewer" && details.status === 403),
      ).toHaveLength(3),
    );
  });

  test.each<[string, (csrf: string) => Record<string, string>]>([
    ["no token", () => ({})],
    ["an empty token", () => ({ "X-XSRF-TOKEN": "" })],
    ["the token of another session", (csrf) => ({ "X-XSRF-TOKEN": `${csrf.slice(0, -2)}AA` })],
    ["a made-up token in cookie and header", () => ({ "X-XSRF-TOKEN": "x", Cookie: "XSRF-TOKEN=x" })],
    ["another site", (csrf) => ({ "X-XSRF-TOKEN": csrf, "Sec-Fetch-Site": "cross-site" })],
    ["a sibling site", (csrf) => ({ "X-XSRF-TOKEN": csrf, "Sec-Fetch-Site": "same-site" })],
    ["another origin", (csrf) => ({ "X-XSRF-TOKEN": csrf, Origin: "https://evil.example" })],
    ["a hidden origin", (csrf) => ({ "X-XSRF-TOKEN": csrf, Origin: "null" })],
  ])("a forged request is rejected: %s", async (_, headers) => {
    const { address, world } = await adminWorld();
    const admin = await browser(address, "admin");
    const sent = headers(admin.csrf);
    const answer = await admin.send("POST", PAUSE, { headers: { ...FORM, ...sent }, body: REASON });
    expect(answer.status).toBe(403);
    expect(await isPaused(world)).toBe(false);
  });
});

describe("Bull Board", () => {
  test("shows the queues to both roles, to read", async () => {
    const { address } = await adminWorld();
    for (const role of ["admin", "viewer"] as const) {
      const { send: get } = await browser(address, role);
      const page = await get("GET", "/admin/queues");
      expect(page.status).toBe(200);
      const text = await page.text();
      expect(text).toContain('<base href="/admin/queues/" />');
      const script = /src="(static\/js\/main[^"]+)"/.exec(text)?.[1];
      expect((await get("GET", `/admin/queues/${script}`)).status).toBe(200);
      const { queues } = (await (await get("GET", "/admin/queues/api/queues")).json()) as {
        queues: { readOnlyMode: boolean }[];
      };
      expect(queues).toHaveLength(QUEUE_NAMES.length);
      expect(queues.every((queue) => queue.readOnlyMode)).toBe(true);
    }
  });

  test("pauses no queue and starts nothing, also not for admins", async () => {
    const { address, world } = await adminWorld();
    const admin = await browser(address, "admin");
    const api = "/admin/queues/api/queues";
    for (const path of [
      `${api}/pause`,
      `${api}/multipliers/pause`,
      `${api}/maintenance/job-schedulers/verify-ledger/run`,
    ]) {
      const answer = await admin.send("PUT", path, { headers: { "X-XSRF-TOKEN": admin.csrf } });
      expect([path, answer.status]).toEqual([path, 405]);
      expect(await answer.json()).toMatchObject({ message: expect.stringContaining("pages of the queue") });
    }
    expect(await world.producers.queue("multipliers").isPaused()).toBe(false);
    expect(await world.query("select 1 from job_runs")).toEqual([]);
  });

  test("what changes a carrier or a queue for good is refused, in any spelling and also to admins", async () => {
    const { address, world } = await adminWorld();
    const admin = await browser(address, "admin");
    const queue = world.producers.queue("multipliers");
    await queue.pause();
    const job = await queue.add("kept", { entries: ["1"] }, { priority: 1 });
    const spellings = [
      "obliterate",
      "Obliterate",
      "obliterate/",
      "%6fbliterate",
      "add",
      `${job.id}/update-data`,
      `${job.id}/clean`,
      `${job.id}/delay`,
      "rate-limit",
      "concurrency",
      "empty",
      "clean/prioritized",
    ];
    for (const [spelling, method] of spellings.flatMap((path) =>
      ["PUT", "POST", "PATCH"].map((verb) => [path, verb]),
    )) {
      const answer = await admin.send(method as string, `/admin/queues/api/queues/multipliers/${spelling}`, {
        headers: { "X-XSRF-TOKEN": admin.csrf, "Content-Type": "application/json" },
        body: JSON.stringify({ force: true, name: "x", data: {}, options: {}, jobData: { entries: ["2"] } }),
      });
      expect([spelling, method, [404, 405].includes(answer.status)]).toEqual([spelling, method, true]);
    }
    expect((await queue.getJob(job.id as string))?.data).toEqual({ entries: ["1"] });
    expect(await queue.getJobCountByTypes("prioritized", "wait")).toBe(1);
  });

  test("only the ids of a carrier are shown", async () => {
    const { address, world } = await adminWorld();
    const viewer = await browser(address, "viewer");
    const job = await world.producers
      .queue("multipliers")
      .add("refresh", { entries: ["7"], email: "ada@example.org" }, { priority: 1 });
    const text = await (await viewer.send("GET", `/admin/queues/api/queues/multipliers/${job.id}`)).text();
    expect(text).toContain('"entries":["7"]');
    expect(text).not.toContain("ada@example.org");
  });
});

describe("dead letters", () => {
  const bury = async (world: World) => {
    const [letter] = await world.query<{ id: string }>(
      `insert into outbox (queue, job, key, payload, attempts, error, dead_at)
       values ('multipliers', 'refresh-feed', '<b>7</b>', '{"secret": "hidden"}', 8, '23505 some_key', now()) returning id`,
    );
    return (letter as { id: string }).id;
  };
  const isDead = async (world: World, id: string) =>
    (
      await world.query<{ dead: boolean }>("select dead_at is not null as dead from outbox where id = $1", [
        id,
      ])
    )[0]?.dead;

  test("are listed without their payloads", async () => {
    const { address, world } = await adminWorld();
    const id = await bury(world);
    const viewer = await browser(address, "viewer");
    const text = await (await viewer.send("GET", "/admin/dead-letters")).text();
    expect(text).toContain(`<a href="/admin/work/${id}">${id}</a>`);
    expect(text).toContain("&lt;b&gt;7&lt;/b&gt;");
    expect(text).not.toMatch(/"hidden"[^>]*payload|"secret"|<b>7|>Retry</);
    const start = await (await viewer.send("GET", "/admin")).text();
    expect(start).toMatch(/Dead letters<\/span><strong class="bad">1</);
    expect(await (await viewer.send("GET", "/admin/dead-letters?job=other-job")).text()).toContain(
      "No dead letters",
    );
  });

  test("are not all listed when a filter is invalid, as they would look like its result", async () => {
    const { address, world } = await adminWorld();
    await bury(world);
    const viewer = await browser(address, "viewer");
    for (const job of ["%00", "x".repeat(101)]) {
      const answer = await viewer.send("GET", `/admin/dead-letters?job=${job}`);
      expect([answer.status, await answer.text()]).toEqual([422, expect.not.stringContaining("&lt;b&gt;7")]);
    }
    const none = await viewer.send("GET", "/admin/dead-letters?job=Refresh_Feed");
    expect(await none.text()).toContain("No dead letters.");
  });

  test("are counted by job and error, paged, and filtered by time", async () => {
    const { address, world } = await adminWorld();
    await world.query(
      `insert into outbox (queue, job, key, payload, dead_at, attempts, error)
       select 'media', 'media-metadata', n::text, '{}', '2026-03-08T02:00Z'::timestamptz + n * interval '1 minute', 1,
              case when n < 100 then 'call: MediaUnavailable' else 'Cancel: there is no media record ' || n end
       from generate_series(0, 104) n`,
    );
    const viewer = await browser(address, "viewer");
    const shown = async (query: string) => (await viewer.send("GET", `/admin/dead-letters${query}`)).text();
    const keys = (text: string) =>
      [...text.matchAll(/<td class="long"><code>(\d+)<\/code>/g)].map(([, key]) => Number(key));
    const first = await shown("");
    const link = /href="(\/admin\/work[^"]*)">100<\/a>/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(await (await viewer.send("GET", link)).text()).toContain("100 entries match.");
    expect(first).toContain("To retry many at once, filter them in Work");
    expect(keys(first)).toEqual(Array.from({ length: 100 }, (_, n) => 104 - n));
    const next = /rel="next" href="\/admin\/dead-letters([^"]*)"/.exec(first)?.[1] ?? "";
    expect(keys(await shown(next))).toEqual([4, 3, 2, 1, 0]);
    const night = new URLSearchParams({ from: "2026-03-08 02:10", until: "2026-03-08 02:13" });
    expect(keys(await shown(`?${night}`))).toEqual([12, 11, 10]);
    expect(keys(await shown("?error=no+media"))).toEqual([104, 103, 102, 101, 100]);
  });

  test("all of a job are retried by the page that says how many there are", async () => {
    const { address, world } = await adminWorld();
    await bury(world);
    const admin = await browser(address, "admin");
    const text = await (await admin.send("GET", "/admin/dead-letters?job=refresh-feed")).text();
    const link = /href="(\/admin\/work\/bulk[^"]*action=retry)"/.exec(text)?.[1]?.replaceAll("&amp;", "&");
    expect(link).toBe("/admin/work/bulk?state=dead&job=refresh-feed&action=retry");
    expect(await (await admin.send("GET", link ?? "")).text()).toContain("Retry 1 entry");
    expect(
      (await postForm(admin, "/admin/dead-letters/retry", { reason: "x", job: "refresh-feed" })).status,
    ).toBe(404);
  });

  test("are retried and discarded, with the CSRF token", async () => {
    const { address, world } = await adminWorld();
    const admin = await browser(address, "admin");
    const id = await bury(world);
    const act = (path: string, fields: Record<string, string>) =>
      admin.send("POST", `/admin/dead-letters/${path}`, {
        headers: FORM,
        body: new URLSearchParams({ reason: "the bug is fixed", ...fields }).toString(),
      });
    expect((await act(`${id}/retry`, {})).status).toBe(403);
    for (const path of [`${id}/retry`, `${id}/discard`])
      expect((await act(path, { _csrf: admin.csrf, reason: " " })).status).toBe(422);
    expect(await isDead(world, id)).toBe(true);
    const answer = await act(`${id}/retry`, { _csrf: admin.csrf });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/admin/dead-letters?retried=1"]);
    expect(await isDead(world, id)).toBe(false);
    await world.query("update outbox set dead_at = now() where id = $1", [id]);
    expect((await act(`${id}/discard`, { _csrf: admin.csrf })).status).toBe(303);
    expect(await isDead(world, id)).toBeUndefined();
    expect((await act("x/discard", { _csrf: admin.csrf })).status).toBe(404);
    const done = await world.query(
      "select actor, details->>'reason' as reason from audit_log where action like 'dead-letters.%'",
    );
    expect(done).toEqual(Array(2).fill({ actor: "admin", reason: "the bug is fixed" }));
    await eventually(async () => expect((await audited(world)).length).toBeGreaterThanOrEqual(6));
  });
});

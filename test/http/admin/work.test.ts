import { describe, expect, test } from "vitest";
import type { World } from "../../support/world.ts";
import { adminWorld, type Browser, browser, doneText, FORM } from "./browser.ts";

async function scene() {
  const { world, address } = await adminWorld();
  await world.query(
    `insert into outbox (queue, job, key, payload, run_at, dead_at, attempts, error) values
       ('commissions', 'distribute-commission', '7', '{"saleId": "7", "note": "Dear <b>Ada</b>"}', now(), now(), 15, '57P01'),
       ('commissions', 'distribute-commission', '8', '{"saleId": "8"}', now(), now(), 15, '23505 some_key'),
       ('commissions', 'distribute-commission', '9', '{"saleId": "9"}', now() + interval '1 day', null, 2, '40001'),
       ('maintenance', 'prune-history', E'<b>\\u202eall</b>', '{}', now() + interval '1 day', null, 0, null)`,
  );
  const admin = await browser(address, "admin");
  return { world, address, admin };
}

const post = (by: Browser, path: string, fields: Record<string, string> = {}) =>
  by.send("POST", `/admin/work${path}`, {
    headers: FORM,
    body: new URLSearchParams({ _csrf: by.csrf, ...fields }).toString(),
  });
const page = async (by: Browser, path: string) => (await by.send("GET", `/admin/work${path}`)).text();
const dead = async (world: World) =>
  (await world.query<{ key: string }>("select key from outbox where dead_at is not null order by key")).map(
    ({ key }) => key,
  );
const actions = (world: World) =>
  world.query<{ action: string; actor: string; details: { reason?: string } }>(
    "select actor, action, details from audit_log where action <> 'admin.request' order by id",
  );

describe("the outbox", () => {
  test("is searched by state, job, field of the payload and error", async () => {
    const { admin } = await scene();
    const keys = async (query: string) =>
      [...(await page(admin, query)).matchAll(/<td class="long"><code>(\d+)<\/code>/g)].map(([, key]) => key);
    expect(await keys("")).toEqual(["9", "8", "7"]);
    expect((await keys("?state=dead")).sort()).toEqual(["7", "8"]);
    expect(await keys("?job=distribute-commission&state=later")).toEqual(["9"]);
    expect(await keys("?field=saleId&value=8")).toEqual(["8"]);
    expect(await keys("?error=57P01")).toEqual(["7"]);
    const wrong = await admin.send("GET", "/admin/work?field=saleId");
    expect([wrong.status, await wrong.text()]).toEqual([422, expect.stringContaining("needs its value")]);
    for (const age of ["constructor", "__proto__", "a year"]) {
      const unknown = await admin.send("GET", `/admin/work?older=${age}`);
      expect([unknown.status, await unknown.text()]).toEqual([422, expect.stringContaining("is not an age")]);
    }
  });

  test("is searched by the time of death, or of enqueueing, so that an outage is found alone", async () => {
    const { world, admin } = await scene();
    await world.query(
      `update outbox set dead_at = '2026-03-08T02:10Z', created_at = '2026-03-01T00:00Z' where key = '7';
       update outbox set dead_at = '2026-03-08T04:10Z', created_at = '2026-03-08T02:20Z' where key = '8';
       update outbox set created_at = '2026-03-08T02:30Z' where key = '9'`,
    );
    const keys = async (query: string) =>
      [...(await page(admin, query)).matchAll(/<td class="long"><code>(\d+)<\/code>/g)].map(([, key]) => key);
    const night = (from: string, until: string) => new URLSearchParams({ from, until }).toString();
    expect(await keys(`?state=dead&${night("2026-03-08 02:00", "2026-03-08 03:00 UTC")}`)).toEqual(["7"]);
    expect(await keys(`?state=dead&${night("2026-03-08T07:30+05:30", "2026-03-08T09:40+05:30")}`)).toEqual([
      "7",
    ]);
    expect(await keys(`?${night("2026-03-08T02:00Z", "2026-03-08T03:00:00.000Z")}`)).toEqual(["9", "7"]);
    for (const wrong of ["yesterday", "2026-02-30x", "2026-13-08 02:00", "2026-03-08", "' or true"]) {
      const answer = await admin.send("GET", `/admin/work?${new URLSearchParams({ from: wrong })}`);
      expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining("must be a time")]);
    }
  });

  test("keys are escaped and printable, and payloads redacted", async () => {
    const { admin } = await scene();
    expect(await page(admin, "")).toContain("<code><bdi>&lt;b&gt;\ufffdall&lt;/b&gt;</bdi></code>");
    const entry = await page(admin, "/1");
    expect(entry).toContain("&quot;saleId&quot;: &quot;7&quot;");
    expect(entry).toContain("[redacted]");
    expect(entry).not.toContain("Ada");
  });

  test("one entry is retried, made due, postponed and discarded, with a reason and audit rows", async () => {
    const { world, admin } = await scene();
    expect((await post(admin, "/1/retry")).status).toBe(422);
    expect(await dead(world)).toEqual(["7", "8"]);
    const retried = await post(admin, "/1/retry", { reason: "the bank is back" });
    expect([retried.status, retried.headers.get("location")]).toEqual([303, "/admin/work/1?retried=1"]);
    expect(await dead(world)).toEqual(["8"]);
    expect(await page(admin, "/1?retried=1")).toContain("Entries retried: 1.");
    expect((await post(admin, "/3/run-now", { reason: "asked for" })).headers.get("location")).toBe(
      "/admin/work/3?due=1",
    );
    expect(
      (await post(admin, "/3/postpone", { reason: "not yet", by: "6 hours" })).headers.get("location"),
    ).toBe("/admin/work/3?postponed=1");
    const [moved] = await world.query<{ hours: number }>(
      "select round(extract(epoch from run_at - now()) / 3600)::int as hours from outbox where id = 3",
    );
    expect(moved?.hours).toBe(6);
    // Cleaning up is not about people: it needs no reason.
    const discarded = await post(admin, "/4/discard");
    expect(discarded.headers.get("location")).toBe("/admin/work/4?discarded=1");
    expect(await doneText(admin, discarded)).toBe("Entries discarded: 1.");
    expect((await admin.send("GET", "/admin/work/4")).status).toBe(404);
    expect(
      (await actions(world)).map(({ actor, action, details }) => [actor, action, details.reason]),
    ).toEqual([
      ["admin", "dead-letters.retry", "the bank is back"],
      ["admin", "work.run-now", "asked for"],
      ["admin", "work.postpone", "not yet"],
      ["admin", "work.discard", undefined],
    ]);
  });

  test("is postponed by an hour, if the time is none of those in the list", async () => {
    const { world, admin } = await scene();
    for (const by of ["constructor", "__proto__", "a year"])
      expect((await post(admin, "/3/postpone", { reason: "not yet", by })).headers.get("location")).toBe(
        "/admin/work/3?postponed=1",
      );
    const [moved] = await world.query<{ minutes: number }>(
      "select round(extract(epoch from run_at - now()) / 60)::int as minutes from outbox where id = 3",
    );
    expect(moved?.minutes).toBe(60);
  });

  test("viewers and requests without the token change nothing", async () => {
    const { world, address, admin } = await scene();
    const viewer = await browser(address, "viewer");
    expect(await page(viewer, "/1")).not.toContain("<button formaction");
    expect(await page(viewer, "/bulk?action=retry&job=distribute-commission")).toContain("read-only");
    expect((await post(viewer, "/1/retry", { reason: "x" })).status).toBe(403);
    expect(
      (await post(viewer, "/bulk", { action: "discard", job: "distribute-commission", reason: "x" })).status,
    ).toBe(403);
    expect((await post(admin, "/1/retry", { reason: "x", _csrf: "forged" })).status).toBe(403);
    expect((await post(admin, "/1/explode", { reason: "x" })).status).toBe(404);
    expect(await dead(world)).toEqual(["7", "8"]);
  });
});

describe("all that match", () => {
  test("a page says how many there are and asks for a reason", async () => {
    const { admin } = await scene();
    const text = await page(admin, "/bulk?action=retry&job=distribute-commission&error=57P01");
    expect(text).toContain("Retry 1 entry");
    expect(text).toContain('name="reason"');
    expect(text).toContain('<input type="hidden" name="error" value="57P01">');
  });

  test("the page counts them by job and by error, the most frequent first, and the rest together", async () => {
    const { world, admin } = await scene();
    await world.query(
      `insert into outbox (queue, job, key, payload, dead_at, attempts, error)
       select 'feeds', case when n <= 3 then 'trending' else 'affinity' end, 'g' || n, '{}', now(), 3,
              case when n <= 3 then '57P01' else 'E' || lpad((n / 2)::text, 3, '0') end
       from generate_series(1, 27) n`,
    );
    const groups = async (query: string) => {
      const text = await page(admin, `/bulk?${query}`);
      return ["by job", "by error"].map((by) => {
        const [, rows = ""] =
          new RegExp(`aria-label="Entries that match, ${by}">.*?<tbody>(.*?)</tbody>`, "s").exec(text) ?? [];
        return rows
          .replace(/<\/tr>\s*/g, ";")
          .replace(/<\/td><td/g, " <td")
          .replace(/<[^>]+>/g, "")
          .trim();
      });
    };
    expect(await groups("action=retry&state=dead&from=2000-01-01+00:00")).toEqual([
      "affinity 24;trending 3;distribute-commission 2;",
      "57P01 4;E002 2;E003 2;E004 2;E005 2;E006 2;E007 2;E008 2;E009 2;E010 2;others 7;",
    ]);
    // Dead and waiting entries are found by a search each.
    expect(await groups("action=discard&queue=commissions")).toEqual([
      "distribute-commission 3;",
      "23505 some_key 1;40001 1;57P01 1;",
    ]);
    expect(await groups("action=postpone&job=prune-history")).toEqual(["prune-history 1;", "no error 1;"]);
  });

  test("what failed in the outage is retried, and nothing else", async () => {
    const { world, admin } = await scene();
    const answer = await post(admin, "/bulk", {
      action: "retry",
      error: "57P01",
      reason: "the outage is over",
    });
    expect(answer.headers.get("location")).toMatch(/^\/admin\/work\?error=57P01&retried=1&retry=\d+$/);
    expect(await dead(world)).toEqual(["8"]);
    const shown = await (await admin.send("GET", answer.headers.get("location") ?? "")).text();
    const follow = /<a href="(\/admin\/work\/retries\/\d+)">/.exec(shown)?.[1] ?? "";
    const outcome = async () => {
      const text = await (await admin.send("GET", follow)).text();
      expect(text).toContain("<h1>1 put back</h1>");
      return [...text.matchAll(/class="label">([^<]+)<\/span><strong class="\w+">(\d+)</g)].map(
        ([, label, n]) => `${label} ${n}`,
      );
    };
    expect(await outcome()).toEqual(["still open 1", "done 0", "skipped 0", "failed again 0"]);
    await world.query("update outbox set dead_at = now(), error = '57P01' where key = '7'");
    expect(await outcome()).toEqual(["still open 0", "done 0", "skipped 0", "failed again 1"]);
    await world.query("delete from outbox where key = '7'");
    expect(await outcome()).toContain("settled 1");
    expect((await admin.send("GET", "/admin/work/retries/999")).status).toBe(404);
    expect(await actions(world)).toMatchObject([
      { actor: "admin", action: "dead-letters.retry", details: { reason: "the outage is over", ids: ["1"] } },
    ]);
  });

  test("what fails after the page was shown is not among those that its reader confirms", async () => {
    const { world, admin } = await scene();
    const text = await page(admin, "/bulk?action=retry&error=57P01");
    const fields = Object.fromEntries(
      [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(([, name, value]) => [
        name,
        value,
      ]),
    );
    await world.query(
      `insert into outbox (queue, job, key, payload, dead_at, attempts, error)
       values ('commissions', 'distribute-commission', '10', '{"saleId": "10"}', now() + interval '1 second', 15, '57P01')`,
    );
    await post(admin, "/bulk", { ...fields, reason: "the outage is over" });
    expect(await dead(world)).toEqual(["10", "8"]);
  });

  test("discarding takes dead and waiting ones", async () => {
    const { world, admin } = await scene();
    const answer = await post(admin, "/bulk", {
      action: "discard",
      job: "distribute-commission",
      reason: "a test sale",
    });
    expect(answer.headers.get("location")).toBe("/admin/work?job=distribute-commission&discarded=3");
    expect(await world.query("select job from outbox")).toEqual([{ job: "prune-history" }]);
  });

  test("is offered only where it would not be refused", async () => {
    const { admin } = await scene();
    for (const query of ["", "?state=dead"])
      expect(await page(admin, query)).not.toContain("With all that match");
    const links = (await page(admin, "?state=dead&job=distribute-commission")).matchAll(
      /href="(\/admin\/work\/bulk[^"]*)"/g,
    );
    const statuses = [...links].map(
      async ([, href]) => (await admin.send("GET", (href ?? "").replaceAll("&amp;", "&"))).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200]);
  });

  test("nothing is done without a filter or a reason", async () => {
    const { world, admin } = await scene();
    for (const fields of [
      { action: "discard", reason: "x" },
      { action: "discard", state: "dead", reason: "x" },
      { action: "discard", state: "dead", until: "2100-01-01T00:00Z", reason: "x" },
      { action: "discard", job: "distribute-commission" },
      { action: "explode", job: "distribute-commission", reason: "x" },
    ])
      expect((await post(admin, "/bulk", fields)).status).toBe(422);
    expect(await world.query("select 1 from outbox")).toHaveLength(4);
  });

  test("at most ten times in a row", async () => {
    const { admin } = await scene();
    const fields = { action: "postpone", key: "nowhere", reason: "x" };
    const statuses: number[] = [];
    for (let n = 0; n < 11; n++) statuses.push((await post(admin, "/bulk", fields)).status);
    expect(statuses).toEqual([...Array(10).fill(303), 429]);
  });
});

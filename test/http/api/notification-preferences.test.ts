import { describe, expect, it } from "vitest";
import { decided } from "../../support/notified.ts";
import * as platform from "../../support/platform.ts";
import { JWT_SECRET, userToken } from "../../support/user-token.ts";
import { createWorld } from "../../support/world.ts";
import { serve } from "../support.ts";

type Body = Record<string, unknown> & { error?: { code: string; faults?: { field: string }[] } };

const DEFAULTS = {
  frequency: "immediate",
  quiet_hours: null,
  digest_hour: 8,
  digest_day: "monday",
  reminder_offsets: [30],
  unsubscribed: false,
  unsubscribed_types: [],
  preferences: [],
};

async function open() {
  const world = await createWorld({ environment: { AUTH_JWT_SECRET: JWT_SECRET } });
  const [ann, bob] = (await platform.users(world, 2)) as [string, string];
  const address = await serve(world);
  const ask = async (userId: string, method: "GET" | "PUT", body?: unknown) => {
    const response = await fetch(`${address}/api/v1/notification-preferences`, {
      method,
      headers: { Authorization: `Bearer ${await userToken(userId)}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body };
  };
  return { world, address, ann, bob, ask };
}

const preference = (fields: Record<string, unknown> = {}) => ({
  scope_type: "global",
  scope_id: null,
  event_type: "*",
  channel: "*",
  status: "muted",
  ...fields,
});

describe("notification preferences", () => {
  it("are the defaults for a user who never set any", async () => {
    const { ann, ask } = await open();
    expect(await ask(ann, "GET")).toEqual({ status: 200, body: DEFAULTS });
  });

  it("are read as written, replaced as a whole, and separate for each user", async () => {
    const { ann, bob, ask } = await open();
    const written = {
      frequency: "daily",
      quiet_hours: { from: "22:00", to: "06:30" },
      digest_hour: 17,
      digest_day: "sunday",
      reminder_offsets: [30, 5],
      unsubscribed: true,
      unsubscribed_types: ["budget.awarded", "document_uploaded"],
      preferences: [
        preference(),
        preference({
          scope_type: "project",
          scope_id: "7",
          event_type: "document_uploaded",
          status: "digest",
        }),
        preference({ scope_type: "thread", scope_id: "8", channel: "email", status: "immediate" }),
      ],
    };
    expect(await ask(ann, "PUT", written)).toEqual({ status: 200, body: written });
    expect((await ask(ann, "GET")).body).toEqual(written);
    expect((await ask(bob, "GET")).body).toEqual(DEFAULTS);
    await ask(ann, "PUT", { preferences: [preference({ scope_type: "thread", scope_id: 9 })] });
    expect((await ask(ann, "GET")).body).toEqual({
      ...DEFAULTS,
      unsubscribed: true,
      unsubscribed_types: written.unsubscribed_types,
      preferences: [preference({ scope_type: "thread", scope_id: "9" })],
    });
  });

  it("take and show the host's ids of projects and threads, and keep those of deleted ones", async () => {
    const { world, ask, ann } = await open();
    await world.query("insert into organizations (id, name) values (1, 'Green City')");
    await world.query(
      "insert into projects (id, host_id, organization_id, created_by, name, project_status) values (7, 'garden', 1, $1, 'Garden', 'active')",
      [ann],
    );
    const about = (scope_id: string) => ({
      preferences: [{ scope_type: "project", scope_id, event_type: "*", channel: "email", status: "muted" }],
    });
    expect(await ask(ann, "PUT", about("7"))).toMatchObject({
      status: 422,
      body: { error: { faults: [{ field: "preferences.0.scope_id", fault: "is unknown" }] } },
    });
    expect(await ask(ann, "PUT", about("garden"))).toMatchObject({ status: 200, body: about("garden") });
    expect((await ask(ann, "GET")).body).toMatchObject(about("garden"));
    expect(await world.query("select scope_id from notification_preferences")).toEqual([{ scope_id: "7" }]);
    await world.query(
      "insert into projects (host_id, organization_id, created_by, name, project_status) values ('x', 1, $1, 'X', 'active')",
      [ann],
    );
    await world.query("delete from projects where id = 7");
    expect((await ask(ann, "GET")).body).toMatchObject(about("7"));
    expect(await ask(ann, "PUT", about("7"))).toMatchObject({ status: 200, body: about("7") });
  });

  it("apply from the next event on", async () => {
    const { world, ann, bob, ask } = await open();
    await ask(ann, "PUT", {
      preferences: [preference({ event_type: "chat_thread_participant_added", channel: "email" })],
    });
    const threadId = await platform.thread(world, { participants: [ann, bob] });
    await platform.hostEvent(world, "chat_thread_participant_added", {
      actorId: bob,
      threadId,
      payload: { added_user_id: ann },
    });
    await world.drain();
    expect(await decided(world)).toEqual([`${ann} in_app now`, `${ann} email skipped muted`]);
  });

  it("written without the field of unsubscriptions, keep them; written with it, replace them", async () => {
    const { ann, ask } = await open();
    const left = { unsubscribed: true, unsubscribed_types: ["budget.awarded"] };
    await ask(ann, "PUT", left);
    const kept = { ...DEFAULTS, ...left, frequency: "daily" };
    expect((await ask(ann, "PUT", { frequency: "daily" })).body).toEqual(kept);
    expect((await ask(ann, "GET")).body).toEqual(kept);
    await ask(ann, "PUT", { unsubscribed: false });
    expect((await ask(ann, "GET")).body).toEqual({ ...DEFAULTS, unsubscribed_types: ["budget.awarded"] });
    await ask(ann, "PUT", { unsubscribed_types: [] });
    expect((await ask(ann, "GET")).body).toEqual(DEFAULTS);
    for (const unknown of ["*", "nothing_happened", 7])
      expect(await ask(ann, "PUT", { unsubscribed_types: [unknown] })).toMatchObject({ status: 422 });
  });

  it("keep the time of the first unsubscription", async () => {
    const { world, ann, ask } = await open();
    await ask(ann, "PUT", { unsubscribed: true });
    await world.query("update unsubscriptions set created_at = '2026-01-01T00:00Z'");
    await ask(ann, "PUT", { unsubscribed: true, frequency: "weekly" });
    expect(await world.query("select created_at from unsubscriptions")).toEqual([
      { created_at: new Date("2026-01-01T00:00Z") },
    ]);
  });

  it("defect 10: written twice concurrently, are those of one request as a whole", async () => {
    const { ann, ask } = await open();
    const writings = ["muted", "digest", "immediate"].map((status) => ({
      preferences: [preference({ status }), preference({ status, channel: "email" })],
    }));
    await Promise.all(writings.map((body) => ask(ann, "PUT", body)));
    const { preferences } = (await ask(ann, "GET")).body as { preferences: { status: string }[] };
    expect(preferences).toHaveLength(2);
    expect(new Set(preferences.map(({ status }) => status)).size).toBe(1);
  });

  it.each([
    [{ frequency: "often" }, "frequency"],
    [{ quiet_hours: { from: "24:00", to: "07:00" } }, "quiet_hours.from"],
    [{ reminder_offsets: [10] }, "reminder_offsets.0"],
    [{ preferences: [preference({ event_type: "nothing.known" })] }, "preferences.0.event_type"],
    [{ preferences: [preference({ scope_type: "project" })] }, "preferences.0.scope_id"],
    [{ preferences: [preference({ scope_id: "7" })] }, "preferences.0.scope_id"],
    [{ preferences: [preference(), preference({ status: "digest" })] }, "preferences"],
    [{ frequncy: "daily" }, "body"],
    [{ preferences: [preference({ chanel: "email" })] }, "preferences.0"],
  ])("reject %j and stay unchanged", async (body, field) => {
    const { ann, ask } = await open();
    const refused = await ask(ann, "PUT", body);
    expect(refused).toMatchObject({ status: 422, body: { error: { code: "bad-preferences" } } });
    expect(refused.body.error?.faults?.map((fault) => fault.field)).toEqual([field]);
    expect((await ask(ann, "GET")).body).toEqual(DEFAULTS);
  });

  it("are not reset by a body that is missing or not JSON", async () => {
    const { address, ann, ask } = await open();
    await ask(ann, "PUT", { frequency: "daily" });
    const headers = { Authorization: `Bearer ${await userToken(ann)}` };
    for (const body of [undefined, new URLSearchParams({ frequency: "none" })]) {
      const answer = await fetch(`${address}/api/v1/notification-preferences`, {
        method: "PUT",
        headers,
        ...(body && { body }),
      });
      expect([answer.status, await answer.json()]).toMatchObject([415, { error: { code: "not-json" } }]);
    }
    expect((await ask(ann, "GET")).body).toEqual({ ...DEFAULTS, frequency: "daily" });
  });
});

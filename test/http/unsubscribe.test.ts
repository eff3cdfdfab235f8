import { describe, expect, it } from "vitest";
import { emailDigest } from "../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { awarded, delivery, deliveryStates, projectOf, uploaded } from "../support/emails.ts";
import { decided } from "../support/notified.ts";
import { grant, hostEvent, prefer, user } from "../support/platform.ts";
import { createWorld, type World } from "../support/world.ts";
import { serve } from "./support.ts";

const AT = "2026-03-02T18:00:00Z";

/** A user with e-mails to be sent. */
async function scene(options: { cadence?: "hourly"; times?: number } = {}) {
  const world = await createWorld({ at: AT, environment: { PUBLIC_URL: "https://app.test" } });
  const userId = await user(world, { email: "ada@people.test" });
  for (let n = 0; n < (options.times ?? 1); n++)
    await delivery(world, { userId, ...(options.cadence ? { cadence: options.cadence } : {}) });
  return { world, userId, address: await serve(world) };
}

async function linkOf(world: World, job: typeof emailInstant): Promise<string> {
  await world.perform(job, {});
  await world.drain();
  const link = world.mailbox.at(-1)!.headers["List-Unsubscribe"]!;
  return link.slice(1, -1).replace("https://app.test", "");
}

/** What users unsubscribed from, as `user: all` or `user: type`. */
const unsubscriptions = async (world: World): Promise<string[]> =>
  (
    await world.query<{ scope: string }>(
      `select user_id || ': ' || case event_type when '*' then 'all' else event_type end as scope from unsubscriptions order by 1`,
    )
  ).map(({ scope }) => scope);

const oneClick = (url: string) =>
  fetch(url, {
    method: "POST",
    body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }),
    redirect: "error",
  });

const form = (): FormData => {
  const fields = new FormData();
  fields.set("List-Unsubscribe", "One-Click");
  return fields;
};

describe("the unsubscribe link", () => {
  it("shows what it unsubscribes from and changes nothing when it is followed", async () => {
    const { world, address } = await scene();
    const link = await linkOf(world, emailInstant);
    for (const method of ["GET", "HEAD", "GET"]) {
      const answer = await fetch(`${address}${link}`, { method });
      expect(answer.status).toBe(200);
      const page = await answer.text();
      if (method === "GET")
        expect(page).toMatch(/no longer receive e-mail about awards[\s\S]*<form method="post">/);
      expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    }
    expect(await unsubscriptions(world)).toEqual([]);
    expect(await world.query("select used_at from unsubscribe_tokens")).toEqual([{ used_at: null }]);
  });

  it("unsubscribes from its type with one click, without login or redirect, and the next e-mail is not sent", async () => {
    const { world, address, userId } = await scene();
    const link = await linkOf(world, emailInstant);
    for (let n = 0; n < 2; n++) {
      const answer = await oneClick(`${address}${link}`);
      expect([answer.status, answer.headers.get("set-cookie")]).toEqual([200, null]);
      expect(await answer.text()).toContain("You will no longer receive e-mail about awards");
    }
    expect(await (await fetch(`${address}${link}`)).text()).toContain(
      "This link already unsubscribed you from e-mail about awards",
    );
    expect(await unsubscriptions(world)).toEqual([`${userId}: budget.awarded`]);
    await delivery(world, { userId });
    const gardens = await projectOf(world);
    await grant(world, gardens.projectId, userId);
    await delivery(world, uploaded(userId, gardens));
    await world.perform(emailInstant, {});
    await world.drain();
    expect(await deliveryStates(world)).toEqual(["sent", "none: unsubscribed", "sent"]);
  });

  it("of a digest with one type unsubscribes from that type, with several from all optional e-mail", async () => {
    const { world, address, userId } = await scene({ cadence: "hourly", times: 2 });
    await oneClick(`${address}${await linkOf(world, emailDigest)}`);
    expect(await unsubscriptions(world)).toEqual([`${userId}: budget.awarded`]);
    await world.query("delete from unsubscriptions");
    const gardens = await projectOf(world);
    await grant(world, gardens.projectId, userId);
    await delivery(world, { ...uploaded(userId, gardens), cadence: "hourly" });
    await delivery(world, { userId, cadence: "hourly" });
    world.at("2026-03-02T19:00:00Z");
    const link = await linkOf(world, emailDigest);
    expect(await unsubscriptions(world)).toEqual([]);
    expect(await (await oneClick(`${address}${link}`)).text()).toContain(
      "except messages that we are required to send",
    );
    expect(await unsubscriptions(world)).toEqual([`${userId}: all`]);
    expect(await world.query("select created_at from unsubscriptions")).toEqual([
      { created_at: new Date("2026-03-02T19:00:00Z") },
    ]);
  });

  it("is invalid once revoked, damaged or made up", async () => {
    const { world, address } = await scene();
    const link = await linkOf(world, emailInstant);
    await world.query("update unsubscribe_tokens set revoked_at = now()");
    for (const path of [link, `${link}x`, "/unsubscribe/1", `/unsubscribe/${"a".repeat(43)}`]) {
      expect((await fetch(`${address}${path}`)).status).toBe(404);
      expect((await oneClick(`${address}${path}`)).status).toBe(404);
    }
    expect(await unsubscriptions(world)).toEqual([]);
  });

  it("ends the e-mail even where a narrower preference asks for it at once", async () => {
    const { world, address, userId } = await scene();
    const link = await linkOf(world, emailInstant);
    await prefer(world, userId, { status: "immediate", eventType: "budget.awarded", channel: "email" });
    await oneClick(`${address}${link}`);
    await prefer(world, userId, { status: "immediate", eventType: "budget.awarded", channel: "*" });
    await delivery(world, { userId });
    await world.perform(emailInstant, {});
    await world.drain();
    expect(await deliveryStates(world)).toEqual(["sent", "none: unsubscribed"]);
    await hostEvent(world, "budget.awarded", { payload: awarded(userId) });
    await world.drain();
    expect((await decided(world)).slice(-2)).toEqual([
      `${userId} in_app now`,
      `${userId} email skipped unsubscribed`,
    ]);
  });

  it.each([
    ["no body at all", {}],
    ["an unknown type", { body: "One-Click", headers: { "content-type": "application/x-whatever" } }],
    ["a malformed type", { body: "{", headers: { "content-type": "application/json; charset=klingon" } }],
    ["multipart", { body: form() }],
    ["a body of a megabyte", { body: "x".repeat(1_000_000) }],
    ["an unknown encoding", { body: "x", headers: { "content-encoding": "br, zstd" } }],
    ["a broken encoding", { body: "no gzip", headers: { "content-encoding": "gzip" } }],
  ])("unsubscribes by a POST with %s", async (_name, request: RequestInit) => {
    const { world, address, userId } = await scene();
    const link = await linkOf(world, emailInstant);
    const answer = await fetch(`${address}${link}`, { method: "POST", redirect: "error", ...request });
    expect(answer.status).toBe(200);
    expect(await unsubscriptions(world)).toEqual([`${userId}: budget.awarded`]);
  });

  it.each([".", ">", "%3E", "%3e.", ",", ")", "%22"])("works with a trailing %s", async (tail) => {
    const { world, address, userId } = await scene();
    const link = await linkOf(world, emailInstant);
    expect((await fetch(`${address}${link}${tail}`)).status).toBe(200);
    expect((await oneClick(`${address}${link}${tail}`)).status).toBe(200);
    expect(await unsubscriptions(world)).toEqual([`${userId}: budget.awarded`]);
  });

  it("is in the language of its user, else in that of the browser, else in English", async () => {
    const { world, address } = await scene();
    const link = await linkOf(world, emailInstant);
    const pageFor = async (accepted?: string, path = link) => {
      const answer = await fetch(
        `${address}${path}`,
        accepted ? { headers: { "Accept-Language": accepted } } : {},
      );
      return answer.text();
    };
    const german =
      /<html lang="de" dir="ltr">[\s\S]*keine E-Mails mehr über Prämien\.[\s\S]*<button class="main">Abbestellen</;
    const english = /<html lang="en" dir="ltr">[\s\S]*no longer receive e-mail about awards\./;
    expect(await pageFor()).toMatch(english);
    expect(await pageFor("de-CH, en;q=0.8")).toMatch(german);
    expect(await pageFor("fr, *;q=0.1")).toMatch(english);
    expect(await pageFor("de", "/unsubscribe/1")).toContain("Ungültiger Link");
    await world.query("update users set language = 'de'");
    expect(await pageFor("en")).toMatch(german);
    expect(await (await oneClick(`${address}${link}`)).text()).toContain("<h1>Abbestellt</h1>");
    expect(await pageFor("en")).toContain(
      "Über diesen Link haben Sie E-Mails über Prämien bereits abbestellt.",
    );
    await world.query("update users set language = 'nonsense'");
    expect(await pageFor("de")).toContain("bereits abbestellt");
  });

  it("is stored only as a hash", async () => {
    const { world } = await scene();
    const token = (await linkOf(world, emailInstant)).replace("/unsubscribe/", "");
    const kept = await world.query<{ hash: string }>(
      "select encode(token_hash, 'hex') as hash from unsubscribe_tokens",
    );
    expect(kept).toHaveLength(1);
    expect(JSON.stringify(await world.query("select * from unsubscribe_tokens"))).not.toContain(token);
  });
});

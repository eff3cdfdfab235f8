import { describe, expect, it } from "vitest";
import { emailDigest } from "../../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../../src/workers/notifications/email/email-instant.ts";
import { retryEmails } from "../../../src/workers/notifications/email/retry-emails.ts";
import { delivery, deliveryStates, emailRows } from "../../support/emails.ts";
import { user } from "../../support/platform.ts";
import { signedByResend } from "../../support/resend.ts";
import { createWorld, type World } from "../../support/world.ts";
import { serve } from "../support.ts";

const AT = "2026-03-02T18:00:00Z";
const SECRET = `whsec_${Buffer.from("a secret of thirty-two bytes....").toString("base64")}`;

const OTHER_SECRET = `whsec_${Buffer.from("another secret of several bytes").toString("base64")}`;

const eventOf = (type: string, providerId: string, bounce?: string): string =>
  JSON.stringify({
    type,
    created_at: "2026-03-02T18:05:00.000Z",
    data: {
      email_id: providerId,
      to: ["ada@people.test"],
      subject: "Something",
      ...(bounce
        ? { bounce: { type: bounce, subType: "General", message: "no such person ada@people.test" } }
        : {}),
    },
  });

async function scene(environment: Record<string, string> = { RESEND_WEBHOOK_SECRET: SECRET }) {
  const world = await createWorld({ at: AT, environment });
  const address = await serve(world);
  const post = (
    body: string,
    headers: Record<string, string> = signedByResend(body, { secret: SECRET, at: new Date(AT) }),
  ) => fetch(`${address}/webhooks/resend`, { method: "POST", body, headers });
  return { world, post };
}

/** Sends one e-mail. @returns its id at the mail service. */
async function sent(world: World, email = "ada@people.test"): Promise<string> {
  const [known] = await world.query<{ id: string }>("select id from users where email = $1", [email]);
  const id = await delivery(world, { userId: known?.id ?? (await user(world, { email })) });
  await world.perform(emailInstant, {});
  await world.drain();
  return `mailbox-delivery/${id}`;
}

const suppressed = (world: World) =>
  world.query<{ hash: string; reason: string }>(
    "select encode(address_hash, 'hex') as hash, reason from email_suppressions",
  );

describe("the webhook of Resend", () => {
  it("updates the e-mail and its delivery", async () => {
    const { world, post } = await scene();
    const id = await sent(world);
    expect((await post(eventOf("email.delivered", id))).status).toBe(200);
    expect(await deliveryStates(world)).toEqual(["delivered"]);
    expect(await emailRows(world)).toMatchObject([{ status: "delivered" }]);
    expect(await suppressed(world)).toEqual([]);
  });

  it("updates every delivery of a digest", async () => {
    const { world, post } = await scene();
    const userId = await user(world, { email: "ada@people.test" });
    for (let n = 0; n < 3; n++) await delivery(world, { userId, cadence: "hourly" });
    await world.perform(emailDigest, {});
    await world.drain();
    await post(eventOf("email.delivered", "mailbox-digest/1"));
    expect(await deliveryStates(world)).toEqual(["delivered", "delivered", "delivered"]);
  });

  it.each([
    ["email.bounced", "Permanent", "bounced", "hard_bounce"],
    ["email.bounced", undefined, "bounced", "hard_bounce"],
    ["email.complained", undefined, "complained", "complaint"],
    ["email.suppressed", undefined, "bounced", "hard_bounce"],
  ] as const)(
    "after %s (%s) the address gets nothing more, for any user who has it",
    async (type, bounce, status, reason) => {
      const { world, post } = await scene();
      await post(eventOf(type, await sent(world), bounce));
      expect(await deliveryStates(world)).toEqual([status]);
      expect(await suppressed(world)).toMatchObject([{ reason }]);
      await sent(world);
      await delivery(world, { userId: await user(world, { email: "ADA@people.test" }) });
      await world.perform(emailInstant, {});
      await world.drain();
      expect(world.mailbox).toHaveLength(1);
      expect((await deliveryStates(world)).slice(1)).toEqual(["none: suppressed", "none: suppressed"]);
    },
  );

  it("an e-mail that failed at the provider is failed, and can be sent again", async () => {
    const { world, post } = await scene();
    const id = await sent(world);
    await post(eventOf("email.failed", id));
    expect(await deliveryStates(world)).toEqual(["failed: reported by the provider"]);
    expect(await emailRows(world)).toMatchObject([{ status: "failed", reason: "reported by the provider" }]);
    expect(await suppressed(world)).toEqual([]);
    expect(await world.perform(retryEmails, { status: "failed", limit: 10 })).toMatchObject({ done: 1 });
    await world.drain();
    expect(await deliveryStates(world)).toEqual(["sent"]);
    await post(eventOf("email.failed", `${id}/2`));
    await post(eventOf("email.delivered", `${id}/2`));
    expect(await deliveryStates(world)).toEqual(["delivered"]);
  });

  it("counts unknown types about e-mails separately", async () => {
    const { world, post } = await scene();
    await post(eventOf("email.opened", "x"));
    expect(await (await post(eventOf("email.exploded", "x"))).json()).toEqual({ status: "ignored" });
    await post(eventOf("email.constructor", "x"));
    const metrics = await world.metrics.registry.metrics();
    expect(metrics).toMatch(/webhook_deliveries_total\{source="resend",status="ignored"\} 1\n/);
    expect(metrics).toMatch(/webhook_deliveries_total\{source="resend",status="unknown"\} 2\n/);
  });

  it("suppresses an address after four soft bounces in a row; a delivered e-mail resets the count", async () => {
    const { world, post } = await scene();
    const bounce = async () => post(eventOf("email.bounced", await sent(world), "Transient"));
    for (let n = 0; n < 3; n++) await bounce();
    expect(await suppressed(world)).toEqual([]);
    await post(eventOf("email.delivered", await sent(world)));
    for (let n = 0; n < 3; n++) await bounce();
    expect(await suppressed(world)).toEqual([]);
    await bounce();
    expect(await suppressed(world)).toMatchObject([{ reason: "soft_bounces" }]);
  });

  it("applies a message once, and events in any order: complaint over bounce over delivered", async () => {
    const { world, post } = await scene();
    const id = await sent(world);
    const body = eventOf("email.complained", id);
    const headers = signedByResend(body, { secret: SECRET, at: new Date(AT), id: "msg_1" });
    expect(await (await post(body, headers)).json()).toEqual({ status: "accepted" });
    expect(await (await post(body, headers)).json()).toEqual({ status: "duplicate" });
    await post(eventOf("email.bounced", id, "Permanent"));
    await post(eventOf("email.delivered", id));
    expect(await deliveryStates(world)).toEqual(["complained"]);
    expect(await world.query("select kind from email_events order by id")).toHaveLength(3);
  });

  it("accepts an event for an e-mail whose id is not stored yet", async () => {
    const { world, post } = await scene();
    const [{ next } = { next: "" }] = await world.query<{ next: string }>("select '1' as next");
    await post(eventOf("email.delivered", `mailbox-delivery/${next}`));
    await sent(world);
    expect(await deliveryStates(world)).toEqual(["delivered"]);
  });

  it("stores neither addresses nor texts", async () => {
    const { world, post } = await scene();
    await post(eventOf("email.bounced", await sent(world), "Permanent"));
    const kept = JSON.stringify([await world.query("select * from email_events"), await suppressed(world)]);
    expect(kept).not.toMatch(/people\.test|no such person/);
  });

  it("answers 200 to irrelevant events, and 422 to a body that is not an event", async () => {
    const { world, post } = await scene();
    for (const type of ["email.opened", "email.sent", "contact.created", "email.delivery_delayed"])
      expect(await (await post(eventOf(type, "x"))).json()).toEqual({ status: "ignored" });
    for (const body of [
      "",
      "nonsense",
      "{}",
      '{"type":"email.delivered","created_at":"never","data":{"email_id":"x"}}',
    ])
      expect((await post(body)).status).toBe(422);
    expect(await world.query("select 1 from email_events")).toEqual([]);
  });

  it("rejects calls without a current signature by one of the secrets", async () => {
    const { world, post } = await scene({ RESEND_WEBHOOK_SECRET: `${SECRET},${OTHER_SECRET}` });
    const body = eventOf("email.delivered", "x");
    const at = (iso: string, secret = SECRET) => signedByResend(body, { secret, at: new Date(iso) });
    const good = at(AT);
    const refused: Record<string, string>[] = [
      at(AT, "whsec_d3Jvbmc="),
      at("2026-03-02T17:54:00Z"),
      at("2026-03-02T18:06:00Z"),
      { ...good, "svix-id": "other" },
      { ...good, "svix-signature": good["svix-signature"]!.replace("v1,", "v2,") },
      { ...good, "svix-signature": "v1," },
      {},
    ];
    for (const headers of refused) expect((await post(body, headers)).status).toBe(401);
    expect((await post(`${body} `, good)).status).toBe(401);
    expect(await world.query("select 1 from email_events")).toEqual([]);
    const several = { ...good, "svix-signature": `v1,${"A".repeat(43)}= ${good["svix-signature"]}` };
    expect((await post(body, several)).status).toBe(200);
    expect((await post(body, at(AT, OTHER_SECRET))).status).toBe(200);
    const standard = Object.fromEntries(
      Object.entries(at("2026-03-02T17:58:00Z")).map(([name, value]) => [
        name.replace("svix-", "webhook-"),
        value,
      ]),
    );
    expect((await post(body, standard)).status).toBe(200);
  });

  it("answers 503 without a configured secret", async () => {
    const { post } = await scene({});
    const answer = await post(eventOf("email.delivered", "x"));
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "60"]);
  });
});

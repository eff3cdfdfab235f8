import { describe, expect, it } from "vitest";
import { readPage } from "../../src/ports/google-events.ts";
import { scicentPort } from "../../src/ports/scicent.ts";
import { reconcileSales } from "../../src/workers/commissions/reconcile-sales.ts";
import { callWebhook, serve, sign } from "../http/support.ts";
import { chain, organization } from "../support/factories.ts";
import { meetingEvent } from "../support/google-events.ts";
import { signedByResend } from "../support/resend.ts";
import { fakeSeller } from "../support/seller.ts";
import { JWT_SECRET, userToken } from "../support/user-token.ts";
import { createWorld } from "../support/world.ts";

const AT = "2026-06-02T10:00:00Z";
const EVENTS_SECRET = "the long secret of the host";
const RESEND_SECRET = `whsec_${Buffer.from("a secret of thirty-two bytes....").toString("base64")}`;

async function open() {
  const world = await createWorld({
    at: AT,
    environment: {
      DOMAIN_EVENTS_WEBHOOK_SECRET: EVENTS_SECRET,
      RESEND_WEBHOOK_SECRET: RESEND_SECRET,
      AUTH_JWT_SECRET: JWT_SECRET,
    },
  });
  const address = await serve(world);
  const postEvents = (body: string | Buffer) =>
    callWebhook(address, body, {
      path: "/webhooks/domain_events",
      headers: { "X-Scicent-Signature": null, "X-Commonwork-Signature": sign(body, EVENTS_SECRET) },
    });
  return { world, address, postEvents };
}

/** The source of an event; fields are JSON text. */
const eventText = (id: string, fields: Record<string, string> = {}): string =>
  `{${Object.entries({
    id: JSON.stringify(id),
    event_type: '"document_uploaded"',
    project_id: "1",
    resource_id: "1",
    ...fields,
  })
    .map(([name, value]) => `"${name}": ${value}`)
    .join(", ")}}`;

const nested = (levels: number): string => `{"a": ${"[".repeat(levels)}${"]".repeat(levels)}}`;

describe("an event that cannot be stored is rejected alone, and the rest of its message is recorded", () => {
  it.each<[string, string, string]>([
    ["U+0000 in the payload", eventText("bad", { payload: '{"note": "a\\u0000b"}' }), "payload.note"],
    ["U+0000 in a key", eventText("bad", { payload: '{"a\\u0000b": 1}' }), "payload.a\ufffdb"],
    ["a lone surrogate", eventText("bad", { payload: '{"list": ["x", "\\ud800"]}' }), "payload.list.1"],
    ["a lone surrogate in a reference", eventText("bad", { actor_id: '"\\udfff"' }), "actor_id"],
    ["5,000 nested levels", eventText("bad", { payload: nested(5_000) }), "payload.a.0.0.0.0.0.0"],
    ["the year 0000", eventText("bad", { occurred_at: '"0000-03-07T00:00:00Z"' }), "occurred_at"],
    ["a year before 1970", eventText("bad", { occurred_at: '"1969-12-31T23:00:00Z"' }), "occurred_at"],
    ["a time two days ahead", eventText("bad", { occurred_at: '"2026-06-04T10:00:00Z"' }), "occurred_at"],
    ["a duplicate key", eventText("bad", { payload: '{"a": 1, "a": 1}' }), "payload.a"],
    ["a duplicate key, escaped", eventText("bad", { payload: '{"a": 1, "\\u0061": 2}' }), "payload.a"],
    ["a type of this service", eventText("bad", { event_type: '"candidate.matched"' }), "event_type"],
    ["an unknown type", eventText("bad", { event_type: '"task.finished"' }), "event_type"],
    ["an invalid reference", eventText("bad", { project_id: "-1" }), "project_id"],
    ["a time without a zone", eventText("bad", { occurred_at: '"2026-06-01T10:00:00"' }), "occurred_at"],
  ])("%s", async (_, bad, field) => {
    const { world, postEvents } = await open();
    const answer = await postEvents(`{"events": [${eventText("first")}, ${bad}, ${eventText("last")}]}`);
    expect(answer).toMatchObject({
      status: 422,
      body: {
        status: "rejected",
        events: [
          { id: "first", status: "accepted" },
          { id: "bad", status: "rejected" },
          { id: "last", status: "accepted" },
        ],
      },
    });
    expect(answer.body.error?.faults?.[0]?.field).toBe(`events.1.${field}`);
    expect(await world.query("select event_type from domain_events")).toHaveLength(2);
    const [stored] = await world.query<{ outcome: string; faults: unknown[] }>(
      "select outcome, faults from inbox",
    );
    expect(stored).toMatchObject({ outcome: "rejected", faults: [{ field: `events.1.${field}` }] });
    // Sent again, with the error fixed.
    const fixed = await postEvents(`{"events": [${eventText("first")}, ${eventText("bad")}]}`);
    expect(fixed.body["events"]).toMatchObject([{ status: "duplicate" }, { status: "accepted" }]);
  });

  it("an id that cannot be stored is answered with null", async () => {
    const { postEvents } = await open();
    const answer = await postEvents(`{"events": [{"id": "a\\u0000", "event_type": "document_uploaded"}, 7]}`);
    expect(answer).toMatchObject({
      status: 422,
      body: {
        events: [
          { id: null, status: "rejected" },
          { id: null, status: "rejected" },
        ],
      },
    });
  });

  it("an instant with an offset that Postgres cannot read is stored in UTC", async () => {
    const { world, postEvents } = await open();
    const body = `{"events": [${eventText("a", { occurred_at: '"2026-06-01T10:00:00+23:59"' })}]}`;
    expect((await postEvents(body)).status).toBe(202);
    expect(await world.query("select occurred_at from domain_events")).toEqual([
      { occurred_at: new Date("2026-05-31T10:01:00Z") },
    ]);
  });

  it("two ids that differ in invalid UTF-8 are not taken for one: the message is rejected", async () => {
    const { world, postEvents } = await open();
    const withByte = (byte: number) =>
      Buffer.concat([Buffer.from('{"events": [{"id": "'), Buffer.from([byte]), Buffer.from('"}]}')]);
    for (const byte of [0xfe, 0xff])
      expect(await postEvents(withByte(byte))).toMatchObject({
        status: 422,
        body: { error: { faults: [{ field: "body", fault: "is not valid UTF-8" }] } },
      });
    expect(await world.query("select outcome from inbox")).toHaveLength(2);
  });

  it("a body that the parser quotes with U+0000 is rejected and recorded", async () => {
    const { world, postEvents } = await open();
    expect((await postEvents("\0")).status).toBe(422);
    expect(await world.query("select outcome from inbox")).toEqual([{ outcome: "rejected" }]);
  });
});

describe("an event of Resend that cannot be stored is answered with 422", () => {
  const bodyWith = (fields: Record<string, string>, data: Record<string, string> = {}) => {
    const object = (all: Record<string, string>) =>
      `{${Object.entries(all).map(([name, value]) => `"${name}": ${value}`)}}`;
    return object({
      type: '"email.delivered"',
      created_at: '"2026-06-02T09:59:00Z"',
      data: object({ email_id: '"re_1"', ...data }),
      ...fields,
    });
  };
  it.each<[string, string, string, number]>([
    ["U+0000 in the id", bodyWith({}, { email_id: '"re_\\u0000"' }), "msg_1", 422],
    ["a lone surrogate in the id", bodyWith({}, { email_id: '"\\ud800"' }), "msg_1", 422],
    ["the year -271821", bodyWith({ created_at: '"-271821-04-20T00:00:00Z"' }), "msg_1", 422],
    ["the year 275760", bodyWith({ created_at: '"+275760-01-01T00:00:00Z"' }), "msg_1", 422],
    ["a message id of 4 KB", bodyWith({}), "m".repeat(4_096), 422],
    ["a duplicate key", bodyWith({}, { a: '1, "a": 2' }), "msg_1", 422],
    ["5,000 nested levels", bodyWith({}, { a: nested(5_000) }), "msg_1", 422],
    ["any subject, since it is not stored", bodyWith({}, { subject: '"\\u0000\\ud800"' }), "msg_1", 200],
  ])("%s", async (_, body, id, status) => {
    const { address } = await open();
    const headers = signedByResend(body, { secret: RESEND_SECRET, at: new Date(AT), id });
    const answer = await fetch(`${address}/webhooks/resend`, { method: "POST", body, headers });
    expect(answer.status).toBe(status);
  });
});

describe("a calendar page with an entry that cannot be stored", () => {
  const two = [{ email: "ada@example.org", self: true }, { email: "bob@example.org" }];
  const read = (fields: object) =>
    readPage({
      items: [
        { ...meetingEvent("m1", two), updated: AT, ...fields },
        { ...meetingEvent("m2", two), updated: AT },
      ],
      nextSyncToken: "s",
    }).events;

  it("keeps the other entries, and a title with the characters replaced", () => {
    expect(read({ summary: "Tea\0 and \ud800cake" })).toMatchObject([
      { id: "m1", title: "Tea\ufffd and \ufffdcake" },
      { id: "m2" },
    ]);
  });

  it.each([
    ["an instant that is none", { start: { dateTime: "never" } }],
    ["a year that Postgres cannot store", { start: { dateTime: "-271821-04-20T00:00:00Z" } }],
    ["an identifier with U+0000", { iCalUID: "a\0" }],
    ["an original start that is none", { originalStartTime: { dateTime: "never" } }],
  ])("takes an entry with %s for no meeting", (_, fields) => {
    expect(read(fields)).toMatchObject([
      { kind: "none", id: "m1" },
      { kind: "meeting", id: "m2" },
    ]);
  });

  it("does not read a response from an inherited property name", () => {
    const guests = [two[0], { ...two[1], responseStatus: "constructor" }];
    expect(read({ attendees: guests })).toMatchObject([
      { people: [{}, { email: "bob@example.org", response: "pending" }] },
      {},
    ]);
  });
});

describe("a list of the seller with a sale that cannot be read", () => {
  it.each([
    ["a duplicate key", '{"transaction_id": "x", "transaction_id": "y"}'],
    ["30,000 nested levels", `{"note": ${nested(30_000)}}`],
    ["U+0000 in its id", '{"user_id": 1, "amount": 1, "transaction_id": "\\u0000"}'],
    ["no object", "null"],
  ])("%s: the other sales are taken", async (_, bad) => {
    const seller = await fakeSeller();
    const world = await createWorld({
      ports: { tokenSales: scicentPort({ url: seller.url, apiKey: null }) },
    });
    const [buyer] = await chain(world, await organization(world), 1);
    seller.sales = [bad, `{"user_id": ${buyer?.userId}, "amount": 1.50, "transaction_id": "good"}`];
    expect(await world.perform(reconcileSales, {})).toMatchObject({
      done: 1,
      counts: { listed: 2, accepted: 1, rejected: 1 },
    });
    expect(await world.query("select external_id from token_sales")).toEqual([{ external_id: "good" }]);
  });
});

describe("text that cannot be stored, in a request of a user", () => {
  it("is no subject of a token", async () => {
    const { address } = await open();
    for (const subject of ["\0", "a\ud800"]) {
      const answer = await fetch(`${address}/api/v1/notifications`, {
        headers: { Authorization: `Bearer ${await userToken(subject, AT)}` },
      });
      expect(answer.status).toBe(401);
    }
  });

  it("is no id in a path or a body", async () => {
    const { world, address } = await open();
    const [user] = await world.query<{ id: string }>("insert into users default values returning id");
    const headers = {
      Authorization: `Bearer ${await userToken(user?.id ?? "", AT)}`,
      "Content-Type": "application/json",
    };
    const project = await fetch(`${address}/api/v1/projects/a%00/candidates`, { headers });
    expect(project.status).toBe(404);
    const body = '{"referral_code": "ABCD1234", "organization_id": "\\u0000"}';
    const referral = await fetch(`${address}/api/v1/referrals`, { method: "POST", headers, body });
    expect(referral.status).toBe(422);
  });
});

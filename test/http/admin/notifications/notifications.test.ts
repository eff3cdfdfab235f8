import { describe, expect, it } from "vitest";
import { pauseJob } from "../../../../src/queues/job-pauses.ts";
import { emailDigest } from "../../../../src/workers/notifications/email/email-digest.ts";
import { markDecided } from "../../../support/emails.ts";
import { organization } from "../../../support/factories.ts";
import * as host from "../../../support/platform.ts";
import { createWorld } from "../../../support/world.ts";
import { serve } from "../../support.ts";
import { PASSWORDS, visitors } from "../browser.ts";

const AT = "2026-03-02T18:00:00Z";
const PATH = "/admin/notifications";

/** A project of Ines, to which Ada and Ben have access, and a document in it. */
async function open() {
  const world = await createWorld({ at: AT, environment: PASSWORDS });
  const ines = await host.user(world, { name: "Ines", email: "ines@people.test" });
  const ada = await host.user(world, { name: "Ada", email: "ada@people.test" });
  const ben = await host.user(world, { name: "Ben", email: "ben@people.test" });
  const projectId = await host.project(world, {
    organizationId: await organization(world),
    createdBy: ines,
    name: "River <gardens>",
  });
  for (const userId of [ada, ben]) await host.grant(world, projectId, userId);
  const resourceId = await host.resource(world, { projectId, createdBy: ines });
  /** Ines uploads a document. @returns the event, decided. */
  const upload = async () => {
    const eventId = await host.hostEvent(world, "document_uploaded", {
      projectId,
      resourceId,
      actorId: ines,
    });
    await world.drain();
    return eventId;
  };
  const visit = await visitors(await serve(world));
  const why = (query: Record<string, string>) => visit.page(`${PATH}/why?${new URLSearchParams(query)}`);
  return { world, ines, ada, ben, projectId, resourceId, upload, why, ...visit };
}

describe("the page that says who was notified of an event, and why not", () => {
  it("says that a user's preference muted it, and which one", async () => {
    const { world, ada, projectId, upload, why } = await open();
    await host.prefer(world, ada, {
      status: "muted",
      scope: { type: "project", id: projectId },
      eventType: "document_uploaded",
    });
    const shown = await why({ user: "ada@people.test", event: await upload() });
    expect(shown).toContain("In the app: not shown: the user&#39;s preference mutes it (muted).");
    expect(shown).toContain("E-mail: not sent: the user&#39;s preference mutes it (muted).");
    expect(shown).toContain(
      `The preference today: muted for document_uploaded in project ${projectId} (River &lt;gardens&gt;).`,
    );
    expect(shown).toContain(`<dt>Project</dt><dd>${projectId}, River &lt;gardens&gt;</dd>`);
    expect(await why({ user: ada })).toContain(
      `muted for document_uploaded in project ${projectId} (River &lt;gardens&gt;)`,
    );
  });

  it("says that the preference was changed since", async () => {
    const { world, ada, upload, why } = await open();
    await host.prefer(world, ada, { status: "muted" });
    const event = await upload();
    await world.query("delete from notification_preferences");
    expect(await why({ user: ada, event })).toContain("The user has changed the preference since.");
  });

  it("says that a user was notified, and that they were the actor", async () => {
    const { ines, ada, upload, why } = await open();
    const event = await upload();
    const shown = await why({ user: ada, event });
    expect(shown).toContain("In the app: shown.");
    expect(shown).toMatch(/E-mail: waits for the \w+ digest/);
    expect(await why({ user: ines, event })).toContain("It was the user&#39;s own action");
  });

  it("says why nothing was decided: no recipient, deactivated, ignored, rejected, or not decided yet", async () => {
    const { world, ada, ben, projectId, resourceId, upload, why } = await open();
    const stranger = await host.user(world, { name: "Eve" });
    const gone = await host.user(world, { name: "Gil" });
    await world.query("update users set deactivated_at = now() where id = $1", [gone]);
    const event = await upload();
    expect(await why({ user: stranger, event })).toContain("The user is no recipient of the event.");
    expect(await why({ user: gone, event })).toContain("The user is deactivated or erased");
    await host.grant(world, projectId, stranger);
    expect(await why({ user: stranger, event })).toContain("but is one by today&#39;s data");
    const ignored = await host.hostEvent(world, "weather.changed");
    const rejected = await host.hostEvent(world, "project_access_granted", { payload: {} });
    await world.drain();
    expect(await why({ user: ada, event: ignored })).toContain(
      "Events of type weather.changed notify nobody.",
    );
    expect(await why({ user: ada, event: rejected })).toContain("because it does not fit its type");
    const waiting = await host.hostEvent(world, "document_uploaded", { projectId, resourceId });
    expect(await why({ user: ben, event: waiting })).toContain("The event is not decided yet");
  });

  it("lists the recipients of an event with the decision for each, a page at a time", async () => {
    const { world, ada, ben, upload, why, page } = await open();
    const event = await upload();
    const shown = await why({ event });
    expect(shown).toContain("Decisions by channel and reason");
    for (const userId of [ada, ben])
      expect(shown).toContain(`<a href="/admin/people/${userId}">${userId}</a>`);
    const many = await host.users(world, 60);
    const large = await host.hostEvent(world, "document_uploaded");
    await markDecided(world, [large]);
    await world.query(
      `insert into deliveries (event_id, event_type, user_id, channel, decision, status)
       select $1, 'document_uploaded', u, c, 'now', 'delivered' from unnest($2::bigint[]) u, unnest(array['in_app', 'email']) c`,
      [large, many],
    );
    const usersOf = (text: string) =>
      new Set([...text.matchAll(/<td><a href="\/admin\/people\/(\d+)">/g)].map(([, id]) => id));
    const first = await why({ event: large });
    expect(usersOf(first).size).toBe(50);
    const next = /href="([^"]*after=\d+[^"]*)"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const second = usersOf(await page(next));
    expect(second.size).toBe(10);
    expect([...usersOf(first), ...second].map(Number).sort((a, b) => a - b)).toEqual(many.map(Number));
  });

  it("shows what a user was notified of and what they prefer, found by the host's id", async () => {
    const { world, ada, upload, why } = await open();
    await world.query("update users set host_id = 'ada 1' where id = $1", [ada]);
    await host.notificationSettings(world, ada, { frequency: "daily", quietFrom: 1_320, quietTo: 450 });
    const event = await upload();
    const shown = await why({ user: "ada 1" });
    expect(shown).toContain("22:00 to 07:30, in the user's zone</dd>");
    expect(shown).toContain("<dt>Address</dt><dd>not suppressed</dd>");
    expect(shown).toContain(`<a href="/admin/notifications/why?event=${event}">${event}</a>`);
    expect(shown).toContain(
      'E-mail: waits for the daily digest of <time datetime="2026-03-03T16:00:00.000Z">2026-03-03 16:00:00Z</time> (08:00 in America/Los_Angeles): the user chose how often to get e-mail (frequency).',
    );
  });

  it("says when the digest is due that takes an e-mail, then which e-mail it is in, and that sending is paused", async () => {
    const { world, ada, upload, why } = await open();
    const event = await upload();
    const next = 'waits for the hourly digest of <time datetime="2026-03-02T19:00:00.000Z">';
    const pages = [{ user: ada, event }, { user: ada }];
    // The window that opened at 18:00 did not open after the event was decided.
    for (const query of pages) expect(await why(query)).toContain(next);
    world.at("2026-03-02T19:00:00Z");
    await world.relay.transact((tx) =>
      pauseJob(tx, { name: "send-emails" }, 3_600, { actor: "admin", reason: "asked for" }),
    );
    await world.perform(emailDigest, {});
    for (const query of pages)
      expect(await why(query)).toMatch(
        /in the hourly digest, e-mail \d+, which waits to be sent.*?; send-emails is paused until <time/,
      );
  });

  it("says since when and why the address is suppressed, and that quiet hours leave almost no time", async () => {
    const { world, ada, upload, why } = await open();
    const event = await upload();
    await world.query(
      "insert into email_suppressions (address_hash, reason, created_at) values (sha256('ada@people.test'), 'complaint', '2026-03-01T10:00Z')",
    );
    await host.notificationSettings(world, ada, { quietFrom: 1_200, quietTo: 1_170 });
    const since =
      /suppressed<\/span> since <time datetime="2026-03-01T10:00:00.000Z">.*?reported an e-mail as spam/;
    expect(await why({ user: ada, event })).toMatch(since);
    const shown = await why({ user: ada });
    expect(shown).toMatch(since);
    expect(shown).toContain("leaves 30 min a day: e-mail is sent only from 19:30 to 20:00");
  });

  it("finds an event by the host's id", async () => {
    const { world, ada, upload, why } = await open();
    const event = await upload();
    await world.query(
      "insert into event_receipts (external_id, event_id, hash) values ('upload/7', $1, '\\x00')",
      [event],
    );
    expect(await why({ user: ada, event: "upload/7" })).toContain("In the app: shown.");
  });

  it("asks which of several users with one address is meant", async () => {
    const { world, why } = await open();
    const other = await host.user(world, { name: "Ada's sister", email: "ADA@people.test" });
    const shown = await why({ user: "ada@people.test" });
    expect(shown).toContain(`<a href="/admin/notifications/why?user=${other}">${other}</a>`);
  });

  it("says that there is no such user or event", async () => {
    const { why, viewer } = await open();
    expect(await why({ user: "nobody" })).toContain("There is no such user.");
    expect(await why({ event: "999999" })).toContain("There is no such event.");
    expect((await viewer.send("GET", `${PATH}/why?user=%00`)).status).toBe(422);
  });
});

describe("the page of notifications", () => {
  it("counts decisions by channel and reason, and lists those that pass a filter", async () => {
    const { world, ada, ben, upload, page } = await open();
    await host.prefer(world, ada, { status: "muted", channel: "in_app" });
    await upload();
    const shown = await page(PATH);
    const link = /href="([^"]*channel=in_app&amp;decision=skipped&amp;reason=muted)">1<\/a>/.exec(shown)?.[1];
    const muted = await page(link?.replaceAll("&amp;", "&") ?? "");
    expect(muted).toContain(`<td><a href="/admin/people/${ada}">`);
    expect(muted).not.toContain(`<td><a href="/admin/people/${ben}">`);
    expect(await page(`${PATH}?reason=suppressed`)).toContain("No decision matches.");
    expect(await page(`${PATH}?reason=boredom`)).toContain("is not a reason");
  });

  it("leaves out decisions from before the chosen time range", async () => {
    const { world, upload, page } = await open();
    await upload();
    await world.query("update deliveries set created_at = '2026-03-01T10:00:00Z'");
    await upload();
    await world.query(
      "update deliveries set created_at = '2026-03-02T17:30:00Z' where created_at > '2026-03-02'",
    );
    const linesIn = async (within: string) =>
      (await page(`${PATH}?${new URLSearchParams({ within })}`)).match(/notifications\/why\?event=/g)?.length;
    expect(await linesIn("7 days")).toBe(2 * ((await linesIn("1 hour")) ?? 0));
  });
});

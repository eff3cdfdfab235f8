import { describe, expect, it } from "vitest";
import { emailDigest } from "../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { awarded, delivery, projectOf, uploaded } from "../support/emails.ts";
import { notifications } from "../support/notified.ts";
import * as platform from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

const TEN = "2026-03-02T18:00:00Z";

const GERMAN_TAGS = [
  "de",
  "DE",
  "de-AT",
  "de_CH.UTF-8",
  " de-1996\n",
  "de-Latn-DE-x-nothing-known-at-all-1234567890",
];
const ENGLISH_TAGS = [null, "", "en-GB", "tlh", "-de", "x".repeat(100_000), "\u202ede", "д"];

describe("the language of a reader", () => {
  it("is that of their tag, and English if it is missing, unknown or damaged, for each recipient of an event", async () => {
    const world = await createWorld({ at: TEN });
    const gardens = await projectOf(world);
    const people = new Map<string, string | null>();
    for (const language of [...GERMAN_TAGS, ...ENGLISH_TAGS]) {
      const id = await platform.user(world, language === null ? {} : { language });
      people.set(id, language);
      await platform.grant(world, gardens.projectId, id);
    }
    await platform.hostEvent(world, "document_uploaded", {
      actorId: gardens.ownerId,
      projectId: gardens.projectId,
      resourceId: gardens.resourceId,
    });
    await world.drain();
    const shown = await notifications(world);
    expect(shown).toHaveLength(people.size);
    const inGerman = shown.filter(({ title }) => title === "Neues Dokument in Riverbank Gardens: Plan.pdf");
    const inEnglish = shown.filter(({ title }) => title === "New document in Riverbank Gardens: Plan.pdf");
    expect(new Set(inGerman.map(({ user_id }) => people.get(user_id)))).toEqual(new Set(GERMAN_TAGS));
    expect(new Set(inEnglish.map(({ user_id }) => people.get(user_id)))).toEqual(new Set(ENGLISH_TAGS));
    expect(inGerman[0]!.body).toBe("**Ines Duarte** hat **Plan.pdf** in **Riverbank Gardens** hochgeladen.");
  });

  it("decides the plural of a count, which grows while the notification is unread", async () => {
    const world = await createWorld({ at: TEN });
    const sender = await platform.user(world);
    const people = [
      await platform.user(world, { name: "Ada", language: "de" }),
      await platform.user(world, { name: "Bo", language: "en" }),
    ];
    const threadId = await platform.thread(world, { participants: [sender, ...people] });
    const titles = async () => (await notifications(world)).map(({ title, count }) => [title, count]);
    const post = async (messages: number) => {
      for (let n = 0; n < messages; n++) {
        const messageId = await platform.message(world, { threadId, senderId: sender });
        const payload = { message_id: messageId };
        await platform.hostEvent(world, "chat_message_sent", { actorId: sender, threadId, payload });
      }
      await world.drain();
    };
    await post(1);
    expect(await titles()).toEqual([
      ["1 neue Nachricht in Watering", 1],
      ["1 new message in Watering", 1],
    ]);
    await post(2);
    expect(await titles()).toEqual([
      ["3 neue Nachrichten in Watering", 3],
      ["3 new messages in Watering", 3],
    ]);
    // Reading lowers the count.
    await world.query(
      `update chat_thread_participants set last_read_at = (select max(created_at) from messages where id < (select max(id) from messages))
       where user_id = any($1)`,
      [people],
    );
    expect(await titles()).toEqual([
      ["1 neue Nachricht in Watering", 1],
      ["1 new message in Watering", 1],
    ]);
    // A change of the language takes effect on the next message.
    await world.query("update users set language = 'en' where name = 'Ada'");
    await post(1);
    expect((await titles())[0]).toEqual(["2 new messages in Watering", 2]);
  });

  it("decides how times and amounts are written", async () => {
    const world = await createWorld({ at: TEN });
    const userId = await platform.user(world, { language: "de", timeZone: "Europe/Berlin" });
    const organizerId = await platform.user(world, { name: "Ines" });
    const meetingId = await platform.meeting(world, {
      organizerId,
      startTime: "2026-06-02T13:00:00Z",
      participants: [userId],
    });
    await platform.hostEvent(world, "meeting_invited", {
      actorId: organizerId,
      meetingId,
      payload: { invited_user_id: userId },
    });
    await platform.hostEvent(world, "budget.awarded", { payload: awarded(userId) });
    await world.drain();
    expect((await notifications(world)).map(({ title, body }) => [title, body])).toEqual([
      [
        "Einladung zu Spring planning",
        "**Ines** hat Sie zu **Spring planning** eingeladen. Beginn: Di., 2. Juni, 15:00 MESZ.",
      ],
      ["Sie haben 18,40 Token gewonnen", expect.stringContaining("**18,40** Token gewonnen.")],
    ]);
  });
});

describe("e-mail in German", () => {
  it("is German from the greeting to the footer, and says so in its HTML", async () => {
    const world = await createWorld({ at: TEN, environment: { PUBLIC_URL: "https://app.test" } });
    const userId = await platform.user(world, { name: "Ada", email: "ada@people.test", language: "de-DE" });
    const gardens = await projectOf(world);
    await platform.grant(world, gardens.projectId, userId);
    await delivery(world, uploaded(userId, gardens));
    await world.perform(emailInstant, {});
    await world.drain();
    const [email] = world.mailbox;
    expect(email!.subject).toBe("Neues Dokument in Riverbank Gardens: Plan.pdf");
    expect(email!.text.replaceAll(/unsubscribe\/[\w-]+/g, "unsubscribe/…")).toBe(`Guten Tag Ada,

Neues Dokument in Riverbank Gardens: Plan.pdf

Ines Duarte hat Plan.pdf in Riverbank Gardens hochgeladen.

Dokument öffnen: https://app.test/projects/${gardens.projectId}/documents/${gardens.resourceId}

-- 
Sie erhalten diese E-Mail, weil Sie Zugriff auf dieses Dokument haben.
Benachrichtigungseinstellungen ändern: https://app.test/settings/notifications
E-Mails über neue Dokumente abbestellen: https://app.test/unsubscribe/…
`);
    expect(email!.html).toContain('<html lang="de" dir="ltr"');
    expect(email!.html).toContain('<div lang="de" dir="ltr"');
  });

  it("as a digest has German sections and counts; a change of the language takes effect on the next one", async () => {
    const world = await createWorld({ at: TEN });
    const userId = await platform.user(world, { name: "Ada", email: "ada@people.test", language: "de" });
    const gardens = await projectOf(world);
    await platform.grant(world, gardens.projectId, userId);
    const waiting = async (decidedAt: string) => {
      for (let n = 0; n < 7; n++)
        await delivery(world, { ...uploaded(userId, gardens), cadence: "hourly", decidedAt });
      await delivery(world, { userId, cadence: "hourly", decidedAt });
    };
    await waiting("2026-03-02T00:00:00Z");
    await world.perform(emailDigest, {});
    await world.drain();
    const [german] = world.mailbox;
    expect(german!.subject).toMatch(
      /^8 Neuigkeiten, unter anderem in Riverbank Gardens$|^Neues .* und 7 weitere$/,
    );
    expect(german!.text).toContain("Guten Tag Ada,\n\nDas ist neu für Sie.\n");
    expect(german!.text).toContain("Dokumente\n* Neues Dokument in Riverbank Gardens: Plan.pdf\n");
    expect(german!.text).toContain("  und 2 weitere\n");
    expect(german!.text).toContain("\nFür Sie\n=======\nPrämien\n* Sie haben 18,40 Token gewonnen\n");
    expect(german!.text).toContain("Alle E-Mails abbestellen: ");
    await world.query("update users set language = null");
    await waiting("2026-03-02T18:30:00Z");
    world.at("2026-03-02T19:00:00Z");
    await world.perform(emailDigest, {});
    await world.drain();
    expect(world.mailbox[1]!.text).toContain("Hello Ada,\n\nHere is what is new.\n");
  });
});

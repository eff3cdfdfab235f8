import { describe, expect, it } from "vitest";
import { eventually } from "../../support/eventually.ts";
import * as platform from "../../support/platform.ts";
import { listen } from "../../support/streams.ts";
import { JWT_SECRET, userToken } from "../../support/user-token.ts";
import { createWorld } from "../../support/world.ts";
import { serve } from "../support.ts";

const GERMAN = { "Accept-Language": "fr;q=0.9, de-AT, en;q=0.5" };

/** A thread with a message, and a user who has no language unless it is given. */
async function scene(language?: string) {
  const world = await createWorld({ environment: { AUTH_JWT_SECRET: JWT_SECRET } });
  const sender = await platform.user(world, { name: "Ines" });
  const reader = await platform.user(world, language === undefined ? {} : { language });
  const threadId = await platform.thread(world, { participants: [sender, reader] });
  const address = await serve(world);
  const post = async (body = "Who waters today?") => {
    const messageId = await platform.message(world, { threadId, senderId: sender, body });
    await platform.hostEvent(world, "chat_message_sent", {
      actorId: sender,
      threadId,
      payload: { message_id: messageId },
    });
    await world.drain();
    return messageId;
  };
  const list = async (headers: Record<string, string> = GERMAN) => {
    const response = await fetch(`${address}/api/v1/notifications`, {
      headers: { Authorization: `Bearer ${await userToken(reader)}`, ...headers },
    });
    const { notifications } = (await response.json()) as {
      notifications: { title: string; body: string; link: string; count: number }[];
    };
    return notifications;
  };
  return { world, address, sender, reader, threadId, post, list };
}

const titlesOf = (notifications: readonly { title: string }[]) => notifications.map(({ title }) => title);

describe("notifications of a user without a language", () => {
  it("are read in the language that the request prefers, with their counts", async () => {
    const { world, reader, threadId, post, list } = await scene();
    await post();
    await post();
    await post(`@[Reader](user:${reader}) look`);
    expect(await list()).toMatchObject([
      {
        title: "Ines hat Sie in Watering erwähnt",
        body: "**Ines**: @Reader look",
        link: `/chat/${threadId}`,
      },
      { title: "2 neue Nachrichten in Watering", count: 2 },
    ]);
    const english = ["Ines mentioned you in Watering", "2 new messages in Watering"];
    for (const header of [{}, { "Accept-Language": "fr, tlh" }, { "Accept-Language": ";;q=x," }])
      expect(titlesOf(await list(header as Record<string, string>))).toEqual(english);
    expect(await world.query("select title from notifications order by id desc")).toEqual(
      english.map((title) => ({ title })),
    );
  });

  it("are in that language in the stream, too", async () => {
    const { world, address, reader, post } = await scene();
    const german = await listen(world, address, reader, { headers: GERMAN });
    const english = await listen(world, address, reader);
    await post();
    await eventually(() => expect(titlesOf(german.events())).toEqual(["1 neue Nachricht in Watering"]));
    await eventually(() => expect(titlesOf(english.events())).toEqual(["1 new message in Watering"]));
  });

  it("keep their text once a subject is gone, or the user has no access any more", async () => {
    const { world, reader, post, list } = await scene();
    const messageId = await post(`@[Reader](user:${reader}) look`);
    expect(titlesOf(await list())).toEqual(["Ines hat Sie in Watering erwähnt"]);
    await world.query("update chat_threads set topic = 'Secret'");
    await world.query("delete from chat_thread_participants where user_id = $1", [reader]);
    expect(titlesOf(await list())).toEqual(["Ines mentioned you in Watering"]);
    await world.query("update chat_threads set topic = 'Watering'");
    await world.query(
      "insert into chat_thread_participants (thread_id, user_id) select min(id), $1::bigint from chat_threads",
      [reader],
    );
    expect(titlesOf(await list())).toEqual(["Ines hat Sie in Watering erwähnt"]);
    await world.query("delete from messages where id = $1", [messageId]);
    expect(await list()).toMatchObject([
      { title: "Ines mentioned you in Watering", body: "**Ines**: @Reader look" },
    ]);
  });
});

it("notifications of a user with a language are in it, whatever the request prefers", async () => {
  const { post, list } = await scene("en-GB");
  await post();
  expect(titlesOf(await list())).toEqual(["1 new message in Watering"]);
});

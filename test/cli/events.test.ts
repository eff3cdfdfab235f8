import { expect, test } from "vitest";
import { cli, environmentOf } from "../support/cli.ts";
import { hostEvent, thread, user } from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

test("commonwork events list shows rejected events with the fields at fault, and ignored ones", async () => {
  const world = await createWorld();
  const actorId = await user(world);
  const rejected = await hostEvent(world, "chat_message_sent", {
    actorId,
    payload: { message_id: "secret value" },
  });
  const ignored = await hostEvent(world, "no_such_event");
  await hostEvent(world, "project.updated");
  await world.drain();
  const list = async (...words: string[]) => {
    const { code, out } = await cli(environmentOf(world), "events", "list", ...words);
    expect(code).toBe(0);
    return out;
  };
  const page = await list();
  expect(page).toContain("message_id: ");
  expect(page).not.toContain("secret value");
  expect(JSON.parse(await list("--json"))).toMatchObject([
    { id: rejected, type: "chat_message_sent", outcome: "rejected" },
  ]);
  expect(JSON.parse(await list("--outcome=ignored", "--json"))).toMatchObject([
    { id: ignored, type: "no_such_event" },
  ]);
  expect(await list("--type=document_uploaded")).toBe("No events are rejected.\n");
  expect(await list(`--before=${rejected}`)).toBe("No events are rejected.\n");
  expect(await cli(environmentOf(world), "events", "list", "--before=x")).toMatchObject({ code: 1 });
});

test("commonwork events show says what became of an event, and why it notified nobody", async () => {
  const world = await createWorld();
  const [alone, ben] = [await user(world), await user(world)];
  const show = async (id: string, ...words: string[]) =>
    (await cli(environmentOf(world), "events", "show", id, ...words)).out;
  const emitted = (participants: string[]) =>
    thread(world, { participants }).then((threadId) =>
      hostEvent(world, "chat_thread_participant_added", {
        actorId: alone,
        threadId,
        payload: { added_user_id: ben },
      }),
    );
  const told = await emitted([alone, ben]);
  expect(await show(told)).toContain("not decided yet");
  await world.drain();
  expect(await show(told)).toMatch(/decided\. It was decided who is notified/);
  const untold = await emitted([alone]);
  const misspelt = await hostEvent(world, "document_upload");
  await world.query("update users set deactivated_at = now() where id = $1", [ben]);
  await world.drain();
  expect(JSON.parse(await show(untold, "--json"))).toMatchObject({
    outcome: "decided",
    reason: "no-recipients",
    decisions: [],
  });
  expect(await show(untold)).toMatch(
    /Nobody was found to be notified\. Events of this type notify the added participant\. They are found in chat_thread_participants\.\n/,
  );
  expect(await show(misspelt)).toMatch(
    /Events of type document_upload notify nobody\. Was document_uploaded meant\?/,
  );
  expect(await cli(environmentOf(world), "events", "show", "999")).toMatchObject({ code: 1 });
});

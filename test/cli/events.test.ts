import { expect, test } from "vitest";
import { cli, environmentOf } from "../support/cli.ts";
import { hostEvent, user } from "../support/platform.ts";
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

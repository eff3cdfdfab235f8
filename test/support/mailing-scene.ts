import { expect } from "vitest";
import type { Scene } from "./five-cases.ts";
import type { World } from "./world.ts";

/**
 * The scene of a job that creates mailings, for a world in which one e-mail is due: it is created once and
 * sent once.
 */
export const mailingScene = (world: World): Scene<Record<string, never>> => ({
  world,
  payload: {},
  effectIn: "emails",
  rowGone: async () => {
    await world.query("delete from deliveries");
    return {};
  },
  effectIsThereOnce: async () => {
    expect(await world.query("select id from emails")).toHaveLength(1);
    await world.drain();
    expect(world.mailbox).toHaveLength(1);
    expect(await world.enqueued()).toEqual([]);
  },
  nothingHappened: async () => {
    expect(await world.query("select id from emails")).toEqual([]);
    expect(world.mailbox).toEqual([]);
  },
});

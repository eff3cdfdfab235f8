import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type MediaStore, StoreUnavailable } from "../../../src/ports/media-store/media-store.ts";
import { deleteMediaFiles } from "../../../src/workers/media/delete-media-files.ts";
import { mediaScene } from "../../support/media.ts";

describe("delete-media-files", () => {
  it("deletes files once or twice, and counts keys that it refuses", async () => {
    const { world, folder, put } = await mediaScene();
    await put("a/b.png", Buffer.from("x"));
    const keys = ["a/b.png", "gone.png", "../outside.png"];
    expect(await world.perform(deleteMediaFiles, { keys })).toMatchObject({
      done: 1,
      counts: { deleted: 2, refused: 1 },
    });
    expect(existsSync(join(folder, "a/b.png"))).toBe(false);
    expect(await world.perform(deleteMediaFiles, { keys })).toMatchObject({ done: 1 });
  });

  it("leaves the file of a record that was inserted in the meantime", async () => {
    const { world, folder, upload } = await mediaScene();
    await upload("a.png", Buffer.from("x"), "IMAGE");
    expect(await world.perform(deleteMediaFiles, { keys: ["a.png"] })).toMatchObject({
      reasons: { "records have the files again": 1 },
    });
    expect(existsSync(join(folder, "a.png"))).toBe(true);
  });

  it("waits for a store that is away without using an attempt, and then deletes the files", async () => {
    const { world, folder, put } = await mediaScene();
    await put("a.png", Buffer.from("x"));
    const store = world.ports.mediaStore as MediaStore;
    Object.assign(world.ports, {
      mediaStore: { ...store, delete: () => Promise.reject(new StoreUnavailable("status 503", 1_000)) },
    });
    expect(await world.perform(deleteMediaFiles, { keys: ["a.png"] })).toMatchObject({
      snoozed: 1,
      retry: 0,
    });
    expect(await world.enqueued(deleteMediaFiles)).toMatchObject([{ attempts: 0 }]);
    Object.assign(world.ports, { mediaStore: store });
    await world.skipBackOff();
    await world.drain();
    expect(existsSync(join(folder, "a.png"))).toBe(false);
    expect(await world.enqueued(deleteMediaFiles)).toEqual([]);
  });
});

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deleteMediaFiles } from "../../../src/workers/media/delete-media-files.ts";
import { mediaOrphanCleanup } from "../../../src/workers/media/media-orphan-cleanup.ts";
import { performRanged } from "../../support/jobs.ts";
import { mediaFixture, mediaScene } from "../../support/media.ts";

const AT = "2026-06-02T06:00:00Z";
const OLD = { createdAt: "2026-06-01T05:59:00Z" };

async function scene(environment: Record<string, string> = { MEDIA_DELETE_ORPHANS: "true" }) {
  const media = await mediaScene({ at: AT, environment });
  const png = mediaFixture("picture.png");
  const add = (name: string, fields = OLD) => media.upload(name, png, "IMAGE", fields);
  const { world, ownerId, folder } = media;
  return {
    ...media,
    add,
    /** Attaches a record to a post. */
    async post(mediaId: string) {
      const [post] = await world.query<{ id: string }>(
        "insert into posts (author_id, body) values ($1, 'hello') returning id",
        [ownerId],
      );
      await world.query("insert into post_media (post_id, media_id) values ($1, $2)", [post?.id, mediaId]);
    },
    there: (name: string) => existsSync(join(folder, name)),
    ids: async () =>
      (await world.query<{ id: string }>("select id from media order by id")).map(({ id }) => id),
  };
}

describe("media-orphan-cleanup", () => {
  it("deletes records and files that nothing has used for a day", async () => {
    const { world, ownerId, add, post, there, ids } = await scene();
    const orphan = await add("orphan.png");
    const posted = await add("posted.png");
    await post(posted);
    const avatar = await add("avatar.png");
    await world.query("insert into profiles (user_id, avatar_media_id) values ($1, $2)", [ownerId, avatar]);
    const fresh = await add("fresh.png", { createdAt: "2026-06-01T06:01:00Z" });
    expect((await performRanged(world, mediaOrphanCleanup, {})).counts).toEqual({ orphans: 1, deleted: 1 });
    expect(await ids()).toEqual([posted, avatar, fresh]);
    expect(orphan).not.toBe("");
    expect(await world.drain()).toMatchObject([{ counts: { deleted: 1 } }]);
    expect(["orphan.png", "posted.png", "avatar.png", "fresh.png"].map(there)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it("only counts them unless it was told to delete", async () => {
    const { world, add, ids, there } = await scene({});
    const orphan = await add("orphan.png");
    expect((await performRanged(world, mediaOrphanCleanup, {})).counts).toEqual({ orphans: 1 });
    expect(await ids()).toEqual([orphan]);
    expect(there("orphan.png")).toBe(true);
  });

  it("keeps a file that another record has, and deletes the rest of a hundred and more", async () => {
    const { world, add, insert, post, there } = await scene();
    await add("shared.png");
    const kept = await insert("shared.png", "IMAGE", OLD);
    await post(kept);
    for (let n = 0; n < 150; n++) await insert(`none-${n}.png`, "IMAGE", OLD);
    expect((await performRanged(world, mediaOrphanCleanup, {})).counts).toEqual({
      orphans: 151,
      deleted: 151,
    });
    expect(await world.enqueued(deleteMediaFiles)).toHaveLength(2);
    await world.drain();
    expect(there("shared.png")).toBe(true);
  });

  it("a dry run deletes nothing", async () => {
    const { world, add, ids, there } = await scene();
    const orphan = await add("orphan.png");
    expect(await world.dryRun(mediaOrphanCleanup, {})).toMatchObject({
      fault: null,
      counts: { orphans: 1, deleted: 1 },
      entries: [{ job: "delete-media-files" }],
    });
    expect(await ids()).toEqual([orphan]);
    expect(there("orphan.png")).toBe(true);
  });
});

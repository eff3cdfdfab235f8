import { describe, expect, it } from "vitest";
import { feedPresort } from "../../../src/workers/feeds/feed-presort.ts";
import { follow, hoursAgo, member, post } from "../../support/feeds.ts";
import { performRanged } from "../../support/jobs.ts";
import { mediaFixture, mediaScene } from "../../support/media.ts";
import { createWorld, type World } from "../../support/world.ts";
import { serve } from "../support.ts";
import { browser, PASSWORDS, send } from "./browser.ts";

const AT = "2026-03-09T02:00:00Z";

/** Ada follows Bob. */
async function open(world: World) {
  const [ada, bob] = [await member(world, { host_id: "ada 1" }), await member(world, { name: "Bob" })];
  await follow(world, ada, bob);
  const address = await serve(world);
  const { send: look } = await browser(address, "viewer");
  const page = async (path: string) => (await look("GET", path)).text();
  const presort = () => performRanged(world, feedPresort, feedPresort.payload.parse({ userId: ada }));
  return { world, ada, bob, address, look, page, presort };
}

/** Somebody whom a user follows. */
async function followed(world: World, userId: string): Promise<string> {
  const other = await member(world, { name: "Eve" });
  await follow(world, userId, other);
  return other;
}

describe("the pages of feeds", () => {
  it("show a stored feed by segment, with the parts of each score", async () => {
    const { world, ada, bob, page, look } = await open(await createWorld({ at: AT, environment: PASSWORDS }));
    for (let n = 0; n < 3; n++) await post(world, await followed(world, ada), { body: `Post number ${n}` });
    const seen = await post(world, bob, { body: "Tea & <b>cake</b>", created_at: hoursAgo(world, 30) });
    await world.query("insert into feed_seen (user_id, kind, item_id, seen_at) values ($1, 'post', $2, $3)", [
      ada,
      seen,
      hoursAgo(world, 2),
    ]);
    await performRanged(world, feedPresort, feedPresort.payload.parse({ userId: ada, segmentSize: 3 }));
    expect(await page("/admin/feeds")).toContain('<a href="/admin/feeds/ada%201">ada 1</a>');
    const shown = await page("/admin/feeds/ada%201");
    const [, first, second] = shown.split("<h2>Segment ");
    expect(first?.match(/Post number \d/g)).toHaveLength(3);
    expect(first).toContain("score 0.546 = 1 × (0.6 × 0.910 + 0.3 × 0.000 + 0.1 × 0.000)");
    expect(second).toContain("4 · text · following · Bob");
    expect(second).toContain("Tea &amp; &lt;b&gt;cake&lt;/b&gt;");
    expect(second).toContain("− 0.2 (seen)");
    expect(second).toContain(`href="/admin/explain?kind=feed&amp;id=ada+1%3A${seen}"`);
    const explained = await look("GET", `/admin/explain?kind=feed&id=ada+1%3A${seen}`);
    expect(explained.status).toBe(200);
  });

  it("show neither items that the user may no longer see nor the text of private posts", async () => {
    const { world, bob, page, presort } = await open(await createWorld({ at: AT, environment: PASSWORDS }));
    await post(world, bob, { body: "a private matter", visibility: "private" });
    const hidden = await post(world, bob, { body: "to be hidden" });
    await presort();
    await world.query("update posts set hidden_at = now() where id = $1", [hidden]);
    const shown = await page("/admin/feeds/ada%201");
    expect(shown).toContain("A private post.");
    expect(shown).not.toContain("a private matter");
    expect(shown).not.toContain("to be hidden");
  });

  it("say what is missing: the user, or the feed", async () => {
    const { page, look } = await open(await createWorld({ at: AT, environment: PASSWORDS }));
    expect((await look("GET", "/admin/feeds/nobody")).status).toBe(404);
    expect(await page("/admin/feeds/ada%201")).toContain("run feed-presort --user-id ada 1");
    const found = await look("GET", "/admin/feeds?user=ada+1");
    expect([found.status, found.headers.get("location")]).toEqual([303, "/admin/feeds/ada%201"]);
  });

  it("require a login", async () => {
    const { address } = await open(await createWorld({ at: AT, environment: PASSWORDS }));
    for (const path of ["/admin/feeds", "/admin/feeds/1", "/admin/feeds/media/1"])
      expect((await send(address, "GET", path, { Accept: "text/html" })).status).toBe(303);
  });

  it("show the checked media of public posts, and no others", async () => {
    const media = await mediaScene({ at: AT, environment: PASSWORDS });
    const { world, ada, bob, page, look, presort } = await open(media.world);
    const attach = async (
      name: string,
      fields: Record<string, unknown> = {},
      kind: "IMAGE" | "AUDIO" = "IMAGE",
    ) => {
      const id = await media.upload(name, mediaFixture(name), kind);
      const { author_id = bob, ...others } = fields;
      const postId = await post(world, String(author_id), others);
      await world.query("insert into post_media (post_id, media_id) values ($1, $2)", [postId, id]);
      return id;
    };
    const picture = await attach("picture.png");
    const sound = await attach("tone.wav", {}, "AUDIO");
    const secret = await attach("picture.jpg", { visibility: "private" });
    for (const id of [picture, sound, secret]) await media.check(id);
    const unchecked = await attach("picture.webp", { author_id: await followed(world, ada) });
    await presort();
    const shown = await page("/admin/feeds/ada%201");
    expect(shown).toContain(`<img src="/admin/feeds/media/${picture}"`);
    expect(shown).toContain(`<audio src="/admin/feeds/media/${sound}"`);
    expect(shown).toContain("IMAGE: UPLOADED");
    const answer = await look("GET", `/admin/feeds/media/${picture}`);
    expect(answer.headers.get("content-type")).toBe("image/png");
    expect(answer.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(mediaFixture("picture.png"));
    for (const id of [secret, unchecked, "999999", "x"])
      expect((await look("GET", `/admin/feeds/media/${id}`)).status).toBe(404);
  });
});

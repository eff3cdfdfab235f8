import { describe, expect, it } from "vitest";
import {
  hostPlatform,
  installMappings,
  MAPPINGS,
  mirrored,
  reconcile,
} from "../../../support/host-platform.ts";
import { hollowPng, mediaScene } from "../../../support/media.ts";
import { greenhouseJob, postingsScene, serveGreenhouse } from "../../../support/postings.ts";
import { createWorld } from "../../../support/world.ts";
import { serve } from "../../support.ts";
import { PASSWORDS, visitors } from "../browser.ts";

describe("the page of the postings' sources", () => {
  it("shows the counts of each list, and what a list is waiting for", async () => {
    const { world, boards, scrape } = await postingsScene({
      lists: "remotive,greenhouse:northwind",
      environment: PASSWORDS,
    });
    serveGreenhouse(boards, [greenhouseJob(1), {}]);
    boards.serve("/remotive/api/remote-jobs", { status: 404 });
    await scrape();
    const { page } = await visitors(await serve(world));
    const rows = (await page("/admin/postings-sources")).split("<tr>");
    const row = (name: string) => rows.find((text) => text.includes(`<td>${name}<`)) ?? "";
    expect(row("greenhouse:northwind")).toContain(
      '<td class="number">2</td><td class="number">1</td><td class="number">0</td><td class="number">1</td>',
    );
    expect(row("remotive")).toContain("status-404");
    expect(row("jsonld")).toContain("jsonld:&lt;board&gt; in POSTING_LISTS");
  });
});

describe("the page of rejected media", () => {
  it("counts files by reason, and lists those of one", async () => {
    const { world, upload, check } = await mediaScene({ environment: PASSWORDS });
    const large = await upload("large.png", hollowPng(20_000, 10), "IMAGE");
    const broken = await upload("broken.png", Buffer.from("not a picture"), "IMAGE");
    for (const id of [large, broken]) await check(id);
    const { page } = await visitors(await serve(world));
    const shown = await page("/admin/media");
    expect(shown).toContain('<a href="/admin/media?reason=too-large">too-large</a>');
    expect(shown).toContain('<a href="/admin/media?reason=unknown-type">unknown-type</a>');
    const [, listed = ""] = (await page("/admin/media?reason=too-large")).split("Checked last");
    expect(listed).toContain(`<tr><td>${large}</td>`);
    expect(listed).not.toContain(`<tr><td>${broken}</td>`);
    expect(await page("/admin/media?reason=%3Cb%3E")).toContain("is not a reason");
  });
});

describe("the page of connected hosts", () => {
  it("shows mirrors with their unapplied changes and the mirrors they refer to", async () => {
    const world = await createWorld({ environment: PASSWORDS });
    await mirrored(world);
    const { page } = await visitors(await serve(world));
    expect(await page("/admin/hosts")).toContain("never; verify-mirrors does it");
    await world.query("insert into app.accounts (mail) values ('ada@host.test')");
    const shown = await page("/admin/hosts");
    const row = shown.split("<tr>").find((text) => text.includes("<code>users</code>")) ?? "";
    expect(row).toContain("active");
    expect(row).toContain('<td class="number">1</td>');
    await reconcile(world);
  });

  it("names rows that wait for another one, and why a mirror is stopped", async () => {
    const world = await createWorld({ environment: PASSWORDS });
    await hostPlatform(world);
    const { users = "", organizations = "", projects = "" } = MAPPINGS;
    await installMappings(world, { users, organizations, projects });
    await world.query(
      `insert into mirror_waiting (mirror, key, needs, needs_key) values ('projects', '"p-1"', 'organizations', '"o-1"')`,
    );
    await world.query(
      "insert into mirror_faults (mirror, key, code, constraint_name) values ('users', '\"u-1\"', '23514', 'users_check')",
    );
    await world.query(
      "update mirrors set stopped_at = now(), stopped_because = 'column <b>a.mail</b> is gone' where table_name = 'users'",
    );
    const { page } = await visitors(await serve(world));
    const shown = await page("/admin/hosts");
    expect(shown).toContain("waits for organizations &quot;o-1&quot;");
    expect(shown).toContain("23514 users_check");
    expect(shown).toContain("column &lt;b&gt;a.mail&lt;/b&gt; is gone");
  });
});

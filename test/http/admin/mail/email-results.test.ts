import { expect, it } from "vitest";
import { assignedVariant, DIGEST_SUBJECT } from "../../../../src/email/render/experiments.ts";
import { pauseJob } from "../../../../src/queues/job-pauses.ts";
import { emailDigest } from "../../../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../../../src/workers/notifications/email/email-instant.ts";
import { sendEmails } from "../../../../src/workers/notifications/email/send-emails.ts";
import { delivery } from "../../../support/emails.ts";
import { organization } from "../../../support/factories.ts";
import { projectFor, skilled } from "../../../support/matching.ts";
import { users } from "../../../support/platform.ts";
import { createWorld } from "../../../support/world.ts";
import { serve } from "../../support.ts";
import { browser, PASSWORDS, visitors } from "../browser.ts";

const AT = "2026-03-02T18:00:00Z";

const cells = (...values: (string | number)[]) =>
  values.map((value) => `<td class="number">${value}</td>`).join("");

async function scene() {
  const world = await createWorld({ at: AT, environment: PASSWORDS });
  const people = await users(world, 40);
  const digest = async (at: string) => {
    for (const userId of people)
      for (let n = 0; n < 2; n++) await delivery(world, { userId, cadence: "hourly", inApp: "unread" });
    world.at(at);
    await world.perform(emailDigest, {});
    await world.drain();
  };
  await digest(AT);
  const { send } = await browser(await serve(world), "viewer");
  return { world, people, digest, look: async () => (await send("GET", "/admin/email-results")).text() };
}

it("records an exposure per user with the send, and shows the results with a check of the sample ratio", async () => {
  const { world, people, digest, look } = await scene();
  await digest("2026-03-02T19:00:00Z");
  const exposed = await world.query<{ user_id: string; variant: string }>(
    "select user_id, variant from experiment_exposures order by user_id",
  );
  expect(exposed).toEqual(
    people.map((id) => ({ user_id: id, variant: assignedVariant(DIGEST_SUBJECT, id) })),
  );
  for (const email of world.mailbox)
    expect(email.subject).toMatch(/^2 updates for you$|^You won .* and 1 more$/);
  await world.query(`update notifications set read_at = now() where user_id = any($1::bigint[])`, [
    people.filter((id) => assignedVariant(DIGEST_SUBJECT, id) === "count").slice(0, 3),
  ]);
  const page = await look();
  const counted = exposed.filter(({ variant }) => variant === "count").length;
  expect(page).toMatch(/No sample ratio mismatch \(chi-square [\d.]+, threshold 10.83 at p &lt; 0.001\)/);
  expect(page).toContain(`<tr><td>count</td>${cells("50.0%", counted, counted * 2)}`);
  expect(page).toContain(cells(`6 (${(600 / (counted * 2)).toFixed(1)}%)`));
  expect(page).toContain('<a href="/admin/email-results?within=7+days&amp;status=sent">80</a>');
});

it("keeps the variant of a user, and warns of a sample ratio mismatch", async () => {
  const { world, digest, look } = await scene();
  await world.query("update experiment_exposures set variant = 'headline'");
  await digest("2026-03-02T19:00:00Z");
  const later = await world.query("select distinct variant from emails where id > 40");
  expect(later).toEqual([{ variant: "headline" }]);
  expect(await look()).toContain("Sample ratio mismatch");
});

it("compares match notices by applications afterwards", async () => {
  const { world, look } = await scene();
  const organizationId = await organization(world);
  const projectId = await projectFor(world, ["carpentry"], { organizationId });
  const notified = await Promise.all(
    Array.from({ length: 3 }, () => skilled(world, { carpentry: 1 }, { organizationId })),
  );
  await world.query(
    `insert into candidate_notifications (project_id, volunteer_id, match_score, batch_id, variant, slot)
     select $1, v.id, 0.9, gen_random_uuid(), v.variant, '2026-03-01T09:00Z'
     from unnest($2::bigint[], array['wanted', 'fit', 'fit']) as v(id, variant)`,
    [projectId, notified],
  );
  await world.query(
    `insert into project_applications (project_id, user_id, created_at)
     values ($1, $2, '2026-03-01T12:00Z'), ($1, $3, '2026-02-28T12:00Z')`,
    [projectId, notified[1], notified[2]],
  );
  const page = await look();
  expect(page).toContain(`<tr><td>wanted</td>${cells(1, 1, "0 (0.0%)")}</tr>`);
  expect(page).toContain(`<tr><td>fit</td>${cells(2, 2, "1 (50.0%)")}</tr>`);
});

it("lists the e-mails of a status, a page at a time, with their subjects", async () => {
  const world = await createWorld({ at: AT, environment: PASSWORDS });
  const people = await users(world, 60);
  for (const userId of people) await delivery(world, { userId });
  await world.perform(emailInstant, {});
  await world.drain();
  await world.query("update emails set status = 'failed', reason = '422 invalid' where user_id <> $1", [
    people[0],
  ]);
  const { page } = await visitors(await serve(world));
  const first = await page("/admin/email-results?status=failed");
  const usersOf = (text: string) =>
    [...text.matchAll(/<td><a href="\/admin\/people\/(\d+)">/g)].map(([, id]) => id as string);
  expect(usersOf(first)).toEqual(people.slice(10).reverse());
  expect(first).toMatch(/<a href="\/admin\/notifications\/why\?event=\d+">budget.awarded<\/a>/);
  const next = /href="([^"]*before=\d+[^"]*)"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
  expect(usersOf(await page(next))).toEqual(people.slice(1, 10).reverse());
  expect(await page("/admin/email-results?reason=422+invalid&status=sent")).toContain("No e-mail matches.");
  expect(await page("/admin/email-results?status=lost")).toContain("is not a status");
});

it("shows with waiting e-mail until when, by whom and why sending is paused; so does the page of notifications", async () => {
  const world = await createWorld({ at: AT, environment: PASSWORDS });
  const viewer = await browser(await serve(world), "viewer");
  const shown = async (path: string) => (await viewer.send("GET", `/admin${path}`)).text();
  const pages = ["/email-results", "/notifications"];
  for (const path of pages) expect(await shown(path), path).not.toContain("No e-mail is sent");
  await world.relay.transact((tx) =>
    pauseJob(tx, sendEmails, 3_600, { actor: "admin", reason: "wrong footer" }),
  );
  for (const path of pages)
    expect(await shown(path), path).toMatch(
      /No e-mail is sent: <a href="\/admin\/jobs\/send-emails">send-emails<\/a> is paused until <time.*?<\/time> by <a [^>]*>admin<\/a>: wrong footer/,
    );
});

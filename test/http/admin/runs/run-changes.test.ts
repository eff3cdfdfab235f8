import { describe, expect, it } from "vitest";
import { CHANGES_READ, JOBS_WITH_CHANGES } from "../../../../src/explain/run-changes.ts";
import { catalogue } from "../../../../src/workers/index.ts";
import { verifyLedger } from "../../../../src/workers/maintenance/verify-ledger.ts";
import { organization } from "../../../support/factories.ts";
import { performRanged } from "../../../support/jobs.ts";
import { projectFor, skilled } from "../../../support/matching.ts";
import { users } from "../../../support/platform.ts";
import { NOW, rewardsScene } from "../../../support/rewards-scene.ts";
import { recordStatements, rowsRead } from "../../../support/statements.ts";
import { createWorld, type World } from "../../../support/world.ts";
import { serve } from "../../support.ts";
import { PASSWORDS, postForm, visitors } from "../browser.ts";

async function rewards() {
  const scene = await rewardsScene(PASSWORDS);
  return { ...scene, ...(await visitors(await serve(scene.world))) };
}

/** A run that is done. @param slot the instant that it computed for. */
async function doneRun(world: World, job: string, slot: string, input: object = {}): Promise<string> {
  const [run] = await world.query<{ id: string }>(
    `insert into job_runs (job, trigger, slot, input, status, started_at, finished_at)
     values ($1, 'manual', $2, $3, 'done', now(), now()) returning id`,
    [job, slot, input],
  );
  return run!.id;
}

const CHANGES = /data-region="changes">(.*?)<\/div>\n<section><div class="heading"><h2>Input/s;

/** The section of what a run changed. */
async function changesOf(page: (path: string) => Promise<string>, run: string): Promise<string> {
  const [, section] = CHANGES.exec(await page(`/admin/runs/${run}`)) ?? [];
  expect(section).toBeDefined();
  return section ?? "";
}

describe("the page of a run", () => {
  it("knows the changes of jobs that there are", () => {
    const names = catalogue.jobs.map(({ name }) => name);
    expect(JOBS_WITH_CHANGES.filter((name) => !names.includes(name))).toEqual([]);
  });

  it("lists the multipliers that it changed, from what to what, with explanations and users", async () => {
    const { world, people, page } = await rewards();
    const changed = await world.query<{ profile_id: string }>(
      "select profile_id from multiplier_history where calculated_at = $1",
      [NOW],
    );
    expect(changed.length).toBeGreaterThan(0);
    const [run, other] = [
      await doneRun(world, "recalculate-multipliers", NOW),
      await doneRun(world, "recalculate-multipliers", "2026-03-08T02:00:00Z"),
    ];
    const shown = await changesOf(page, run);
    for (const { profile_id } of changed)
      expect(shown).toContain(
        `<a href="/admin/explain?kind=multiplier&amp;id=${profile_id}%402026-03-09T02%3A00%3A00.000Z">Profile ${profile_id}</a>`,
      );
    expect(shown).toContain(`<a href="/admin/people/${people[0]!.userId}">${people[0]!.userId}</a>`);
    expect(shown).toMatch(/<td class="long">1\.00 to 1\.\d\d<\/td>/);
    expect(await changesOf(page, other)).toContain("None.");
  });

  it("lists the ledger entries and the audit log of a sale that it paid", async () => {
    const { world, heldId, people, admin, page } = await rewards();
    const released = await postForm(admin, `/admin/sales/${heldId}/release`, { reason: "checked by hand" });
    const [, run = ""] = /release=(\d+)/.exec(released.headers.get("location") ?? "") ?? [];
    expect(await changesOf(page, run)).toBe("");
    await world.drain();
    const shown = await changesOf(page, run);
    expect(shown).toContain(`<a href="/admin/sales/${heldId}">Sale ${heldId}</a>`);
    expect(shown).toMatch(/release, held: -\d/);
    expect(shown).toContain(`<a href="/admin/people/${people[2]!.userId}">`);
    expect(shown).toContain("<code>commission.release</code>");
    expect(shown).toContain("checked by hand");
    // What was booked before it ran is not its own.
    expect(shown).not.toContain("commission, treasury");
  });

  it("names the budget period that it paid, the verification that it made, and what it erased", async () => {
    const { world, periodId, page } = await rewards();
    const [period] = await world.query<{ organization_id: string; paid_at: string }>(
      "select organization_id, paid_at from budget_periods where id = $1",
      [periodId],
    );
    const paid = await doneRun(world, "distribute-budget", period!.paid_at, {
      organizationId: period!.organization_id,
      period: "daily",
    });
    expect(await changesOf(page, paid)).toMatch(
      new RegExp(
        `<a href="/admin/budgets/${periodId}">Budget period ${periodId}</a>.*daily 2026-03-08: [\\d.]+ paid`,
        "s",
      ),
    );
    await performRanged(world, verifyLedger, { full: true });
    const verified = await changesOf(page, await doneRun(world, "verify-ledger", NOW));
    expect(verified).toContain("everything: 0 faults");
    const [erasing] = await world.query<{ id: string }>(
      `insert into job_runs (job, trigger, input, status, started_at, finished_at)
       values ('erase-user', 'manual', '{"userId": "7"}', 'done', now(), now()) returning id`,
    );
    await world.query(
      `insert into audit_log (at, actor, action, subject, details)
       select finished_at, 'cli:ada', 'user.erase', subject, jsonb_build_object('reason', reason)
       from job_runs, (values ('users:7', 'request-17'), ('users:8', 'request-18')) erased(subject, reason) where id = $1`,
      [erasing!.id],
    );
    const erased = await changesOf(page, erasing!.id);
    expect(erased).toContain("request-17");
    expect(erased).not.toContain("request-18");
  });

  it("lists who was notified of which project, and says when there are more", async () => {
    const world = await createWorld({ at: NOW, environment: PASSWORDS });
    const { page } = await visitors(await serve(world));
    const organizationId = await organization(world);
    const ada = await skilled(world, { cooking: 1 }, { organizationId });
    const projectId = await projectFor(world, ["cooking"], { organizationId, name: "Soup <kitchen>" });
    const run = await doneRun(world, "notify-project-matches", NOW);
    const notify = (volunteers: readonly string[]) =>
      world.query(
        `with batch as (
           insert into candidate_batches (run_id, slot, places, minimum_score, report) values ($1, $2, 5, 0.5, '[]') returning id)
         insert into candidate_notifications (project_id, volunteer_id, match_score, batch_id, slot)
         select $3, v, 0.75, batch.id, $2 from batch, unnest($4::bigint[]) v`,
        [run, NOW, projectId, volunteers],
      );
    await notify([ada]);
    const shown = await changesOf(page, run);
    expect(shown).toContain(
      `<a href="/admin/explain?kind=match&amp;id=${projectId}%3A${ada}">Project ${projectId}, Soup &lt;kitchen&gt;</a>`,
    );
    expect(shown).toContain("notified, match 75 %");
    expect(shown).not.toContain("There are more");
    const more = await users(world, CHANGES_READ + 5);
    await world.query("insert into volunteers (user_id) select unnest($1::bigint[])", [more]);
    await world.query("delete from candidate_batches");
    await world.query("delete from candidate_notifications");
    await notify(more);
    const many = await changesOf(page, run);
    expect(many.match(/notified, match 75 %/g)).toHaveLength(CHANGES_READ);
    expect(many).toContain(`There are more: ${CHANGES_READ} are shown.`);
  });

  it("says in words that it is not recorded, and nothing of a run that did nothing", async () => {
    const world = await createWorld({ environment: PASSWORDS });
    const { page } = await visitors(await serve(world));
    const run = await doneRun(world, "trending", NOW);
    expect(await changesOf(page, run)).toContain(
      "Not recorded: the rows that <code>trending</code> writes do not say which run wrote them.",
    );
    await world.query("update job_runs set status = 'skipped' where id = $1", [run]);
    expect(await changesOf(page, run)).toBe("");
  });
});

it("the changes of one run among many are found without reading the others", async () => {
  const world = await createWorld({ at: NOW, environment: PASSWORDS });
  const { page } = await visitors(await serve(world));
  const [rows, runs] = [100_000, 100];
  await world.query(
    `insert into multiplier_history (profile_id, calculated_at, previous_hundredths, multiplier_hundredths, level, approved_in_30_days,
       active_direct_referrals, max_hundredths, base_hundredths, activity_hundredths, referral_hundredths, decay_millionths)
     select n, $1::timestamptz - (${runs} - n / ${rows / runs}) * interval '1 day', 100, 110, 1, 0, 0, 500, 100, 0, 0, 1000000
     from generate_series(1, ${rows}) n`,
    [NOW],
  );
  await world.query("select brin_summarize_new_values('multiplier_history_calculated')");
  await world.query("analyze multiplier_history");
  const run = await doneRun(world, "recalculate-multipliers", "2026-02-01T02:00:00Z");
  const statements = await recordStatements(world, () => page(`/admin/runs/${run}`));
  const read = await Promise.all(
    statements
      .filter(({ text }) => /^\s*(select|with)/i.test(text))
      .map((statement) => rowsRead(world, statement, "multiplier_history")),
  );
  expect(Math.max(...read)).toBeLessThan(rows / 5);
});

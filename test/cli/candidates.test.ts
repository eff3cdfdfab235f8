import { describe, expect, it } from "vitest";
import { candidatesReport } from "../../src/cli/candidates-report.ts";
import { listRuns, type Run } from "../../src/queues/runs.ts";
import { cli, environmentOf } from "../support/cli.ts";
import { organization } from "../support/factories.ts";
import { projectFor, skilled } from "../support/matching.ts";
import { createWorld } from "../support/world.ts";

describe("commonwork run notify-project-matches", () => {
  it("faults of people 31: prints who was notified, not who was chosen, and counts real errors", async () => {
    const world = await createWorld();
    const organizationId = await organization(world);
    await skilled(world, { cooking: 1 }, { organizationId, name: "John Doe" });
    const member = await skilled(world, { cooking: 0.9 }, { organizationId, name: "Jane Smith" });
    const project = await projectFor(world, ["cooking"], {
      organizationId,
      name: "Community Garden Project",
    });
    const empty = await projectFor(world, ["law"], { organizationId, name: "Court" });
    await world.query("insert into project_members (project_id, user_id) values ($1, $2)", [project, member]);
    const { code, out } = await cli(environmentOf(world), "run", "notify-project-matches", "--inline");
    expect(code).toBe(0);
    expect(out).toMatch(/^Project candidates, slot \d{4}-/m);
    expect(out).toMatch(/^Notice run [0-9a-f-]{36}$/m);
    expect(out).toContain(
      "At most 10 candidates per project, minimum score 0.6\n2 recruiting or active projects",
    );
    expect(out).toContain(
      `Project Community Garden Project (${project})\n  1 chosen, 1 notified; skipped: on-the-team 1\n    notified John Doe (100% match)\n  notified the team lead, user `,
    );
    expect(out).toContain(`Project Court (${empty})\n  no candidates to notify\n`);
    expect(out).toMatch(
      /Projects processed: 2\nCandidates notified: 1\nTeam leads notified: 1\nSkipped: on-the-team 1\nErrors: 0\n=+\n/,
    );
    // As if a range had found her no longer a candidate, and another part of the run had died.
    const [run] = await listRuns(world.db.drizzle, { job: "notify-project-matches" }, 1);
    await world.query("delete from candidate_notifications");
    await world.query(
      "insert into outbox (queue, job, key, payload, parent, dead_at) values ('notifications', 'notify-project-matches/range', 'k', '{}', $1, now())",
      [run?.id],
    );
    const report = await candidatesReport(world.db, run as Run);
    expect(report).toContain("1 chosen, 0 notified; skipped: on-the-team 1\n    1 chosen but not notified: ");
    expect(report).toContain(
      "Candidates notified: 0\nTeam leads notified: 0\nSkipped: on-the-team 1\nErrors: 1\n",
    );
    expect(report).not.toContain("notified the team lead");
    const dry = await cli(environmentOf(world), "run", "notify-project-matches", "--dry-run");
    expect(dry).toMatchObject({ code: 0, err: "" });
    expect(dry.out).toContain("Nothing was consumed, written or sent.");
  });
});

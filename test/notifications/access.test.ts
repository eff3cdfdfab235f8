import { describe, expect, it } from "vitest";
import { maySeeCandidates } from "../../src/project-matching/project-candidates.ts";
import { resumeIncompleteNudges } from "../../src/workers/notifications/nudges/resume-incomplete-nudges.ts";
import * as factory from "../support/factories.ts";
import { performRanged } from "../support/jobs.ts";
import { decided } from "../support/notified.ts";
import * as platform from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

/** A project whose creator has left its organization. */
async function afterLeaving() {
  const world = await createWorld();
  const [creator, owner, editor] = (await platform.users(world, 3)) as [string, string, string];
  const organizationId = await factory.organization(world);
  await platform.organizationMember(world, organizationId, owner, "owner");
  const projectId = await platform.project(world, { organizationId, createdBy: creator });
  const resourceId = await platform.resource(world, { projectId, createdBy: creator });
  await platform.grant(world, projectId, editor, "edit");
  await world.query("delete from organization_members where user_id = $1", [creator]);
  const upload = async () => {
    await platform.hostEvent(world, "document_uploaded", { actorId: editor, projectId, resourceId });
    await world.drain();
    return (await decided(world)).filter((text) => text.includes("in_app"));
  };
  return { world, creator, owner, organizationId, projectId, upload };
}

describe("faults 18: the creator of a project who has left its organization", () => {
  it("is not notified of its documents", async () => {
    const { owner, upload } = await afterLeaving();
    expect(await upload()).toEqual([`${owner} in_app now`]);
  });

  it("is not given the names of its candidates", async () => {
    const { world, creator, projectId } = await afterLeaving();
    await platform.hostEvent(world, "lead.candidates_found", { projectId, payload: { count: 3 } });
    await world.drain();
    expect(await decided(world)).toEqual([
      `${creator} in_app skipped no-access`,
      `${creator} email skipped no-access`,
    ]);
    expect(await maySeeCandidates(world.db.drizzle, projectId, creator)).toBe(false);
  });

  it("is not nudged about its resumes", async () => {
    const { world, owner } = await afterLeaving();
    await world.query("update projects set created_at = now() - interval '2 days'");
    await performRanged(world, resumeIncompleteNudges, {});
    const nudged = await world.query<{ user_id: string }>("select distinct user_id from resume_nudges");
    expect(nudged).toEqual([{ user_id: owner }]);
  });

  it.each([
    [
      "a member of the organization",
      "insert into organization_members (organization_id, user_id) values ($2, $3)",
    ],
    [
      "granted access",
      "insert into project_access_grants (project_id, user_id, permission) values ($1, $3, 'view')",
    ],
    ["a member of the project", "insert into project_members (project_id, user_id) values ($1, $3)"],
    ["its lead", "update projects set team_lead = $3 where id = $1"],
  ])("counts as an owner again as %s", async (_, statement) => {
    const { world, creator, owner, organizationId, projectId, upload } = await afterLeaving();
    await world.query(`with given as (select $1::bigint, $2::bigint, $3::bigint) ${statement}`, [
      projectId,
      organizationId,
      creator,
    ]);
    expect(await upload()).toEqual([`${creator} in_app now`, `${owner} in_app now`]);
    expect(await maySeeCandidates(world.db.drizzle, projectId, creator)).toBe(true);
  });
});

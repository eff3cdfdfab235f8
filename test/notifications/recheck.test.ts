import { describe, expect, it } from "vitest";
import { emailDigest } from "../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { delivery, deliveryStates } from "../support/emails.ts";
import * as factory from "../support/factories.ts";
import { decided, notifications } from "../support/notified.ts";
import * as platform from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

const AT = "2026-03-02T18:00:00Z";
const LATER = "2026-03-02T19:00:00Z";

/** An open project with a lead, and a volunteer who matches it. */
async function scene() {
  const world = await createWorld({ at: AT });
  const person = (name: string) => platform.user(world, { name, email: `${name.toLowerCase()}@people.test` });
  const [lead, ada, bob] = [await person("Ines"), await person("Ada"), await person("Bob")];
  const organizationId = await factory.organization(world);
  const projectId = await platform.project(world, {
    organizationId,
    createdBy: lead,
    teamLead: lead,
    status: "recruiting",
  });
  await world.query("insert into volunteers (user_id) values ($1), ($2)", [ada, bob]);
  /** Composes and sends what waits. */
  const send = async () => {
    world.at(LATER);
    await world.perform(emailInstant, {});
    await world.perform(emailDigest, {});
    await world.drain();
    return deliveryStates(world);
  };
  return { world, lead, ada, bob, organizationId, projectId, send };
}

type Scene = Awaited<ReturnType<typeof scene>>;

const matched = ({ world, ada, projectId }: Scene) =>
  delivery(world, {
    userId: ada,
    eventType: "candidate.matched",
    projectId,
    payload: { user_id: ada, score: 90 },
    cadence: "hourly",
  });

const found = ({ world, lead, ada, bob, projectId }: Scene) =>
  delivery(world, {
    userId: lead,
    eventType: "lead.candidates_found",
    projectId,
    payload: {
      count: 2,
      candidates: [
        { user_id: ada, name: "Ada", score: 90 },
        { user_id: bob, name: "Bob", score: 80 },
      ],
    },
  });

describe("faults 20: e-mail that is sent later is checked again", () => {
  it("a match is mailed while it is valid", async () => {
    const s = await scene();
    await matched(s);
    expect(await s.send()).toEqual(["sent"]);
  });

  it.each([
    ["the project is archived", "update projects set project_status = 'archived'"],
    ["the volunteer has applied", "insert into project_applications (project_id, user_id) values ($1, $2)"],
    ["the volunteer has joined", "insert into project_members (project_id, user_id) values ($1, $2)"],
    ["the volunteer hides their skills", "update volunteers set skills_visible = false where user_id = $2"],
  ])("a match is not, when %s", async (_, statement) => {
    const s = await scene();
    await matched(s);
    await s.world.query(`with given as (select $1::bigint, $2::bigint) ${statement}`, [s.projectId, s.ada]);
    expect(await s.send()).toEqual(["none: overtaken"]);
    expect(s.world.mailbox).toEqual([]);
  });

  it("candidates who hid since are not named to the lead", async () => {
    const s = await scene();
    await found(s);
    await s.world.query("update volunteers set skills_visible = false where user_id = $1", [s.bob]);
    expect(await s.send()).toEqual(["sent"]);
    const [email] = s.world.mailbox;
    expect(email!.subject).toBe("1 candidate for The garden");
    expect(email!.text).toContain("Ada");
    expect(email!.text).not.toContain("Bob");
  });

  it.each([
    ["the lead was replaced", "update projects set team_lead = $1"],
    ["all candidates hide", "update volunteers set skills_visible = $1::bigint is null"],
    ["the project was archived", "update projects set project_status = 'archived' where $1::bigint > 0"],
  ])("nobody is named when %s", async (_, statement) => {
    const s = await scene();
    await found(s);
    await s.world.query(statement, [s.ada]);
    expect(await s.send()).toEqual(["none: overtaken"]);
  });

  it("threads that were muted since are left out of the digest", async () => {
    const s = await scene();
    const threads: { thread_id: string; unread: number; oldest_unread_id: string; step: number }[] = [];
    for (const topic of ["Water", "Soil"]) {
      const threadId = await platform.thread(s.world, { participants: [s.ada, s.bob], topic });
      const messageId = await platform.message(s.world, {
        threadId,
        senderId: s.bob,
        createdAt: "2026-03-02T10:00:00Z",
      });
      threads.push({ thread_id: threadId, unread: 1, oldest_unread_id: messageId, step: 1 });
    }
    const stale = (some: typeof threads) =>
      delivery(s.world, {
        userId: s.ada,
        eventType: "thread_unread_stale",
        payload: { user_id: s.ada, threads: some },
        cadence: "hourly",
      });
    const mute = (threadId: string) =>
      platform.prefer(s.world, s.ada, {
        status: "muted",
        scope: { type: "thread", id: threadId },
        channel: "email",
      });
    await stale(threads);
    await stale(threads.slice(1));
    await mute(threads[1]!.thread_id);
    expect(await s.send()).toEqual(["sent", "none: overtaken"]);
    expect(s.world.mailbox[0]!.subject).toContain("1 unread message");
  });

  it("an access that was changed again is not mailed", async () => {
    const s = await scene();
    await platform.grant(s.world, s.projectId, s.ada, "edit");
    await delivery(s.world, {
      userId: s.ada,
      eventType: "project_access_changed",
      projectId: s.projectId,
      payload: { affected_user_id: s.ada, old_permission: "view", new_permission: "edit" },
    });
    await platform.grant(s.world, s.projectId, s.ada, "view");
    expect(await s.send()).toEqual(["none: overtaken"]);
  });

  it("a member who has left is not announced", async () => {
    const s = await scene();
    await platform.organizationMember(s.world, s.organizationId, s.lead, "owner");
    await platform.organizationMember(s.world, s.organizationId, s.ada);
    await delivery(s.world, {
      userId: s.lead,
      eventType: "invite_accepted",
      payload: { org_id: s.organizationId, new_member_id: s.ada },
    });
    await s.world.query("delete from organization_members where user_id = $1", [s.ada]);
    expect(await s.send()).toEqual(["none: overtaken"]);
  });

  it("a resume of a project that has ended is not nudged about", async () => {
    const s = await scene();
    await delivery(s.world, {
      userId: s.lead,
      eventType: "resume_incomplete_nudge",
      projectId: s.projectId,
      payload: { user_id: s.lead, resume_kind: "project", completeness: 40, step: 1 },
    });
    await s.world.query("update projects set project_status = 'completed'");
    expect(await s.send()).toEqual(["none: overtaken"]);
  });
});

describe("faults 20: meetings", () => {
  const START = "2026-03-02T18:20:00Z";

  async function meetingScene() {
    const s = await scene();
    const meetingId = await platform.meeting(s.world, {
      organizerId: s.lead,
      startTime: START,
      participants: [s.lead, s.ada],
    });
    return { ...s, meetingId };
  }

  it.each([
    ["has been cancelled", "update meetings set status = 'cancelled'"],
    ["has been moved", "update meetings set start_time = start_time + interval '2 minutes'"],
    ["has been declined", "update meeting_participants set response = 'declined'"],
    ["has begun", "update meetings set start_time = start_time"],
  ])("a reminder that comes late is not shown when the meeting %s", async (what, statement) => {
    const { world, ada, meetingId } = await meetingScene();
    await platform.hostEvent(world, "meeting_reminder", {
      meetingId,
      payload: { user_id: ada, start_time: START, offset_minutes: 30 },
    });
    await world.query(statement);
    if (what === "has begun") world.at("2026-03-02T18:20:00Z");
    await world.drain();
    expect(await decided(world)).toEqual([`${ada} in_app skipped overtaken`]);
  });

  it("the update of a cancelled meeting says that it was cancelled", async () => {
    const { world, lead, meetingId } = await meetingScene();
    await world.query("update meetings set status = 'cancelled'");
    await platform.hostEvent(world, "meeting_updated", { actorId: lead, meetingId, payload: {} });
    await world.drain();
    expect(await notifications(world)).toMatchObject([
      {
        title: "Cancelled: Spring planning",
        body: "**Ines** cancelled **Spring planning**, Mon, Mar 2, 10:20 AM PST.",
      },
    ]);
  });
});

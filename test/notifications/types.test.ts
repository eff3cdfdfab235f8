import { describe, expect, it } from "vitest";
import { NOTIFICATION_TYPES } from "../../src/notifications/index.ts";
import { SUBSCRIBERS } from "../../src/workers/notifications/fan-out/subscribers.ts";
import { EVENT_TYPES } from "../support/event-types.ts";
import * as factory from "../support/factories.ts";
import { decided, notifications } from "../support/notified.ts";
import * as platform from "../support/platform.ts";
import { createWorld, type World } from "../support/world.ts";

const NAMES = ["owner", "editor", "viewer", "stranger", "lead", "operator"] as const;
type Name = (typeof NAMES)[number];

type Scene = {
  readonly world: World;
  readonly id: Readonly<Record<Name, string>>;
  readonly organizationId: string;
  readonly projectId: string;
  readonly resourceId: string;
  readonly threadId: string;
  readonly meetingId: string;
  emit(type: string, fields?: platform.EventRow): Promise<string>;
  /** The deliveries, with names instead of ids. */
  decided(): Promise<string[]>;
  /** The notifications in the app as `name: title`. */
  shown(): Promise<string[]>;
};

async function scene(at = "2026-06-02T21:00:00Z"): Promise<Scene> {
  const world = await createWorld({ at });
  const id = {} as Record<Name, string>;
  for (const name of NAMES)
    id[name] = await platform.user(world, {
      name: `${name[0]!.toUpperCase()}${name.slice(1)}`,
      email: `${name}@example.org`,
      isOperator: name === "operator",
    });
  const organizationId = await factory.organization(world);
  await platform.organizationMember(world, organizationId, id.owner, "owner");
  await platform.organizationMember(world, organizationId, id.stranger);
  const projectId = await platform.project(world, { organizationId, createdBy: id.owner, teamLead: id.lead });
  await platform.grant(world, projectId, id.editor, "edit");
  await platform.grant(world, projectId, id.viewer);
  const resourceId = await platform.resource(world, { projectId, createdBy: id.editor });
  const threadId = await platform.thread(world, {
    participants: [id.owner, id.editor, id.viewer],
    projectId,
  });
  const meetingId = await platform.meeting(world, {
    organizerId: id.owner,
    startTime: "2026-06-02T22:00:00Z",
    participants: [id.owner, id.editor, id.viewer],
    projectId,
  });
  const nameOf = (userId: string) => NAMES.find((name) => id[name] === userId) ?? userId;
  return {
    world,
    id,
    organizationId,
    projectId,
    resourceId,
    threadId,
    meetingId,
    async emit(type, fields = {}) {
      const eventId = await platform.hostEvent(world, type, fields);
      await world.drain();
      return eventId;
    },
    decided: async () =>
      (await decided(world)).map((text) => text.replace(/^\d+/, (userId) => nameOf(userId))),
    shown: async () =>
      (await notifications(world)).map(({ user_id, title }) => `${nameOf(user_id)}: ${title}`),
  };
}

describe("every event type", () => {
  it("has one notification type, or subscribers", () => {
    const consumed = [
      ...NOTIFICATION_TYPES.map(({ event }) => event.type),
      ...new Set(SUBSCRIBERS.map(({ eventType }) => eventType)),
    ];
    expect(consumed.sort()).toEqual(EVENT_TYPES.map(({ type }) => type).sort());
  });
});

describe("document_uploaded", () => {
  it("goes to grantees and owners with access to the document, except the actor", async () => {
    const s = await scene();
    await platform.permit(s.world, s.resourceId, s.id.viewer, "none");
    await s.emit("document_uploaded", {
      actorId: s.id.editor,
      projectId: s.projectId,
      resourceId: s.resourceId,
    });
    expect(await s.decided()).toEqual([
      "owner in_app now",
      "owner email digested hourly",
      "viewer in_app skipped no-access",
      "viewer email skipped no-access",
    ]);
    expect(await notifications(s.world)).toMatchObject([
      {
        title: "New document in The garden: Plan.pdf",
        body: "**Editor** uploaded **Plan.pdf** to **The garden**.",
        link: `/projects/${s.projectId}/documents/${s.resourceId}`,
      },
    ]);
  });

  it("links by the host's ids, whatever characters they have", async () => {
    const s = await scene();
    await s.world.query("update projects set host_id = 'a/b c' where id = $1", [s.projectId]);
    await s.world.query("update resources set host_id = '../7' where id = $1", [s.resourceId]);
    await s.emit("document_uploaded", {
      actorId: s.id.editor,
      projectId: s.projectId,
      resourceId: s.resourceId,
    });
    expect((await notifications(s.world)).map(({ link }) => link)).toEqual(
      Array(2).fill("/projects/a%2Fb%20c/documents/..%2F7"),
    );
  });

  it("also goes to owners of the organization", async () => {
    const s = await scene();
    await platform.organizationMember(s.world, s.organizationId, s.id.lead, "owner");
    await s.emit("document_uploaded", {
      actorId: s.id.owner,
      projectId: s.projectId,
      resourceId: s.resourceId,
    });
    expect((await s.shown()).map((text) => text.split(":")[0])).toEqual(["editor", "viewer", "lead"]);
  });
});

describe("chat_message_sent", () => {
  const post = async (s: Scene, from: Name, body: string) => {
    const messageId = await platform.message(s.world, { threadId: s.threadId, senderId: s.id[from], body });
    return s.emit("chat_message_sent", {
      actorId: s.id[from],
      threadId: s.threadId,
      payload: { message_id: messageId },
    });
  };

  it("is one unread notification per thread with a count, except for the sender", async () => {
    const s = await scene();
    await post(s, "owner", "one");
    expect(await s.shown()).toEqual([
      "editor: 1 new message in Watering",
      "viewer: 1 new message in Watering",
    ]);
    await post(s, "owner", "two");
    await post(s, "editor", "three");
    expect(await s.shown()).toEqual([
      "editor: 2 new messages in Watering",
      "viewer: 3 new messages in Watering",
      "owner: 1 new message in Watering",
    ]);
    expect((await s.decided()).filter((text) => text.includes("email"))).toEqual([]);
    const [{ pointing }] = (await s.world.query(
      "select count(distinct notification_id)::int as pointing from deliveries",
    )) as [{ pointing: number }];
    expect(pointing).toBe(3);
  });

  it("counts correctly within a group of events, and in concurrent groups", async () => {
    const s = await scene();
    await s.world.query(
      `insert into messages (thread_id, sender_id, body) select $1, $2, 'hello' from generate_series(1, 60)`,
      [s.threadId, s.id.owner],
    );
    const ids = await s.world.query<{ id: string }>(
      `insert into domain_events (event_type, actor_id, thread_id, payload)
       select 'chat_message_sent', $1, $2, jsonb_build_object('message_id', id) from messages returning id`,
      [s.id.owner, s.threadId],
    );
    await s.world.query("delete from outbox");
    const { notifyFanOut } = await import("../../src/workers/notifications/fan-out/notify-fan-out.ts");
    const events = ids.map(({ id }) => id);
    await Promise.all(
      [0, 20, 40].map((from) => s.world.perform(notifyFanOut, { eventIds: events.slice(from, from + 20) })),
    );
    expect((await s.shown()).sort()).toEqual([
      "editor: 60 new messages in Watering",
      "viewer: 60 new messages in Watering",
    ]);
  });

  it("starts a new count after it has been read", async () => {
    const s = await scene();
    await post(s, "owner", "one");
    await s.world.query("update notifications set read_at = now()");
    await post(s, "owner", "two");
    expect((await s.shown()).filter((text) => text.startsWith("viewer"))).toEqual([
      "viewer: 1 new message in Watering",
      "viewer: 1 new message in Watering",
    ]);
  });

  it("defect 7: a mention gets one notification of its own with the text, however often its event is handled", async () => {
    const s = await scene();
    const body = `Please @[Viewer](user:${s.id.viewer}), and you too @[Viewer](user:${s.id.viewer}), *water* <b>today</b>`;
    const eventId = await post(s, "owner", body);
    const { notifyFanOut } = await import("../../src/workers/notifications/fan-out/notify-fan-out.ts");
    await s.world.perform(notifyFanOut, { eventIds: [eventId] });
    expect(await s.shown()).toEqual([
      "editor: 1 new message in Watering",
      "viewer: Owner mentioned you in Watering",
    ]);
    // Defect 28: user text is escaped.
    expect((await notifications(s.world))[1]!.body).toBe(
      "**Owner**: Please @Viewer, and you too @Viewer, \\*water\\* \\<b\\>today\\</b\\>",
    );
  });

  it("does not notify a mentioned user who is not a participant", async () => {
    const s = await scene();
    await post(s, "owner", `@[Stranger](user:${s.id.stranger}) look`);
    expect((await s.shown()).join()).not.toContain("stranger");
  });

  it("can be muted for one thread", async () => {
    const s = await scene();
    await platform.prefer(s.world, s.id.viewer, {
      status: "muted",
      scope: { type: "thread", id: s.threadId },
    });
    await post(s, "owner", "one");
    expect(await s.decided()).toEqual(["editor in_app now", "viewer in_app skipped muted"]);
  });
});

describe("thread_unread_stale", () => {
  it("is a digest item for its user, and not shown in the app", async () => {
    const s = await scene();
    await s.emit("thread_unread_stale", { threadId: s.threadId, payload: { user_id: s.id.viewer } });
    expect(await s.decided()).toEqual(["viewer email digested hourly"]);
    expect(await s.shown()).toEqual([]);
  });
});

describe("meetings", () => {
  it("meeting_invited goes to the invited user, with the start in the user's zone", async () => {
    const s = await scene();
    await s.emit("meeting_invited", {
      actorId: s.id.owner,
      meetingId: s.meetingId,
      payload: { invited_user_id: s.id.viewer },
    });
    expect(await s.decided()).toEqual(["viewer in_app now"]);
    expect((await notifications(s.world))[0]).toMatchObject({
      title: "Invitation: Spring planning",
      body: "**Owner** invited you to **Spring planning**, Tue, Jun 2, 3:00 PM PDT.",
      link: `/meetings/${s.meetingId}`,
    });
  });

  it.each([
    [{ time: true }, "new time", "changed the time of"],
    [{ participants: true }, "participants changed", "changed the participants of"],
    [{ time: true, participants: true }, "new time", "changed the time and the participants of"],
    [{}, "details changed", "changed details of"],
  ])(
    "meeting_updated with %j goes to the participants except the actor, and names what changed",
    async (changes, title, body) => {
      const s = await scene();
      await s.emit("meeting_updated", { actorId: s.id.owner, meetingId: s.meetingId, payload: { changes } });
      expect(await s.decided()).toEqual(["editor in_app now", "viewer in_app now"]);
      expect(await s.shown()).toContain(`viewer: Spring planning: ${title}`);
      expect((await notifications(s.world))[0]!.body).toContain(body);
    },
  );

  it.each([
    ["2026-06-02T21:50:00Z", "Spring planning starts in 10 minutes"],
    ["2026-06-02T21:59:01Z", "Spring planning starts in 1 minute"],
  ])("meeting_reminder at %s has the title: %s", async (at, title) => {
    const s = await scene(at);
    await s.emit("meeting_reminder", {
      meetingId: s.meetingId,
      payload: { user_id: s.id.viewer, start_time: "2026-06-02T22:00:00Z", offset_minutes: 30 },
    });
    expect(await s.decided()).toEqual(["viewer in_app now"]);
    expect(await s.shown()).toEqual([`viewer: ${title}`]);
  });
});

describe("resume_incomplete_nudge", () => {
  const nudge = (s: Scene, name: Name, step = 1) =>
    s.emit("resume_incomplete_nudge", {
      projectId: s.projectId,
      payload: { user_id: s.id[name], resume_kind: "project", completeness: 40, step },
    });

  it("goes only to an owner of the project", async () => {
    const s = await scene();
    await nudge(s, "owner");
    await nudge(s, "editor");
    expect(await s.decided()).toEqual([
      "owner in_app now",
      "owner email now",
      "editor in_app skipped no-access",
      "editor email skipped no-access",
    ]);
  });

  it("is mailed at most once a local day and three times a week; others join a digest", async () => {
    const s = await scene("2026-06-01T21:00:00Z");
    for (const at of [
      "2026-06-01T21:00Z",
      "2026-06-02T06:59Z",
      "2026-06-02T07:00Z",
      "2026-06-03T21:00Z",
      "2026-06-04T21:00Z",
      "2026-06-08T07:00Z",
    ]) {
      s.world.at(at);
      await nudge(s, "owner");
    }
    expect((await s.decided()).filter((text) => text.includes("email"))).toEqual([
      "owner email now",
      "owner email digested hourly nudge-cap",
      "owner email now",
      "owner email now",
      "owner email digested hourly nudge-cap",
      "owner email now",
    ]);
  });
});

describe("organization, access and threads", () => {
  it("invite_accepted goes to the owners, except the new member", async () => {
    const s = await scene();
    await platform.organizationMember(s.world, s.organizationId, s.id.lead, "owner");
    await s.emit("invite_accepted", { actorId: s.id.lead, payload: { org_id: s.organizationId } });
    expect(await s.decided()).toEqual(["owner in_app now", "owner email now"]);
    expect(await s.shown()).toEqual(["owner: Lead joined Helpers"]);
  });

  it("invite_accepted names the new member when someone else is the actor", async () => {
    const s = await scene();
    await s.emit("invite_accepted", {
      actorId: s.id.lead,
      payload: { org_id: Number(s.organizationId), new_member_id: Number(s.id.viewer) },
    });
    expect(await s.shown()).toEqual(["owner: Viewer joined Helpers"]);
  });

  it("project_access_granted goes to the affected user, by e-mail at once", async () => {
    const s = await scene();
    await s.emit("project_access_granted", {
      actorId: s.id.owner,
      projectId: s.projectId,
      payload: { affected_user_id: s.id.viewer, new_permission: "view" },
    });
    expect(await s.decided()).toEqual(["viewer in_app now", "viewer email now"]);
  });

  it.each([
    ["view", "edit", ["editor in_app now", "editor email now"]],
    ["edit", "view", ["editor in_app now"]],
  ])("project_access_changed from %s to %s", async (from, to, expected) => {
    const s = await scene();
    await s.emit("project_access_changed", {
      actorId: s.id.owner,
      projectId: s.projectId,
      payload: { affected_user_id: s.id.editor, old_permission: from, new_permission: to },
    });
    expect(await s.decided()).toEqual(expected);
  });

  it("document_permission_granted is shown in the app, also to users without access to the project", async () => {
    const s = await scene();
    await platform.permit(s.world, s.resourceId, s.id.stranger, "view");
    await s.emit("document_permission_granted", {
      actorId: s.id.owner,
      projectId: s.projectId,
      resourceId: s.resourceId,
      payload: { affected_user_id: s.id.stranger, new_permission: "view" },
    });
    expect(await s.decided()).toEqual(["stranger in_app now"]);
  });

  it.each([
    ["view", "edit", ["viewer in_app now"]],
    ["edit", "view", []],
    ["none", "view", []],
  ])("document_permission_changed from %s to %s", async (from, to, expected) => {
    const s = await scene();
    await s.emit("document_permission_changed", {
      actorId: s.id.owner,
      projectId: s.projectId,
      resourceId: s.resourceId,
      payload: { affected_user_id: s.id.viewer, old_permission: from, new_permission: to },
    });
    expect(await s.decided()).toEqual(expected);
  });

  it("chat_thread_participant_added goes to the added user by e-mail at once, unless they are the actor", async () => {
    const s = await scene();
    for (const added of [s.id.viewer, s.id.owner])
      await s.emit("chat_thread_participant_added", {
        actorId: s.id.owner,
        threadId: s.threadId,
        payload: { added_user_id: added },
      });
    expect((await s.decided()).sort()).toEqual([
      "owner email skipped actor-is-recipient",
      "owner in_app skipped actor-is-recipient",
      "viewer email now",
      "viewer in_app now",
    ]);
  });
});

describe("events of this service", () => {
  const PROFILE = { profile_id: "1" };

  it("commission.earned goes to the beneficiary, commission.held to the operators, in the app", async () => {
    const s = await scene();
    await s.emit("commission.earned", {
      payload: { user_id: s.id.viewer, ...PROFILE, sale_id: "7", level: 2, amount: "8.04" },
    });
    await s.emit("commission.held", {
      payload: { sale_id: "7", amount: "18.09", reasons: ["late-receipt"] },
    });
    expect(await s.decided()).toEqual(["viewer in_app now", "operator in_app now"]);
    expect(await s.shown()).toEqual([
      "viewer: You earned 8.04 tokens",
      "operator: Commissions for sale 7 are on hold",
    ]);
  });

  it("budget.awarded and candidate.matched are digest items of their users", async () => {
    const s = await scene();
    await s.emit("budget.awarded", {
      payload: {
        user_id: s.id.viewer,
        ...PROFILE,
        organization_id: s.organizationId,
        period_id: "1",
        period: "weekly",
        period_start: "2026-05-25",
        rank: 2,
        amount: "250",
      },
    });
    await s.emit("candidate.matched", { projectId: s.projectId, payload: { user_id: s.id.stranger } });
    expect(await s.decided()).toEqual([
      "viewer in_app now",
      "viewer email digested hourly",
      "stranger in_app now",
      "stranger email digested hourly",
    ]);
  });

  it("lead.candidates_found goes to the team lead, or to the creator if there is none", async () => {
    const s = await scene();
    await s.emit("lead.candidates_found", { projectId: s.projectId, payload: { count: 3 } });
    await s.world.query("update projects set team_lead = null");
    await s.emit("lead.candidates_found", { projectId: s.projectId, payload: { count: 1 } });
    expect(await s.shown()).toEqual([
      "lead: 3 candidates for The garden",
      "owner: 1 candidate for The garden",
    ]);
  });

  it("candidate.matched shows the score and the matching skills, lead.candidates_found the names and scores", async () => {
    const s = await scene();
    await s.emit("candidate.matched", {
      projectId: s.projectId,
      payload: { user_id: s.id.stranger, score: 85, skills: ["Gardening", "*Carpentry*"], variant: "fit" },
    });
    await s.emit("lead.candidates_found", {
      projectId: s.projectId,
      payload: { count: 1, candidates: [{ user_id: s.id.stranger, name: "Ada", score: 85 }] },
    });
    const shown = await s.world.query<{ title: string; body: string }>(
      "select title, body from notifications order by id",
    );
    expect(shown[0]).toMatchObject({ title: "You are a match for The garden" });
    expect(shown[0]!.body).toContain("85% match");
    expect(shown[0]!.body).toContain("Gardening");
    // Names of skills are escaped.
    expect(shown[0]!.body).not.toContain(" *Carpentry* ");
    expect(shown[1]!.body).toContain("Ada");
    expect(shown[1]!.body).toContain("(85%)");
  });

  it("recommendations.ready is shown in the app and goes into the weekly digest", async () => {
    const s = await scene();
    await s.emit("recommendations.ready", { payload: { user_id: s.id.viewer, count: 2 } });
    expect(await s.decided()).toEqual(["viewer in_app now", "viewer email digested weekly"]);
  });

  it("calendar.action_required is sent whatever the preferences", async () => {
    const s = await scene();
    await platform.prefer(s.world, s.id.viewer, { status: "muted" });
    await platform.notificationSettings(s.world, s.id.viewer, {
      frequency: "none",
      unsubscribedAt: "2026-01-01T00:00Z",
      quietFrom: 0,
      quietTo: 1439,
    });
    await s.emit("calendar.action_required", {
      payload: { user_id: s.id.viewer, connection_id: "1", provider: "google" },
    });
    expect(await s.decided()).toEqual(["viewer in_app now must-send", "viewer email now must-send"]);
  });
});

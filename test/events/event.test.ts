import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { emit } from "../../src/events/event.ts";
import { chatMessageSent } from "../../src/events/host.ts";
import { commissionEarned } from "../../src/events/rewards.ts";
import { EVENT_TYPES } from "../support/event-types.ts";
import { createWorld, type World } from "../support/world.ts";

const AT = new Date("2026-03-08T02:00:00Z");

const written = (world: World) =>
  world.query(
    `select event_type, actor_id, project_id, resource_id, thread_id, meeting_id, payload, occurred_at
     from domain_events order by id`,
  );

const EARNED = { user_id: "1", profile_id: "2", sale_id: "3", level: 1, amount: "1.5" };

describe("emit", () => {
  it("writes the subjects of each event", async () => {
    const world = await createWorld();
    await inTransaction(world.db, (tx) =>
      emit(tx, chatMessageSent, [
        { payload: { message_id: "7" }, occurredAt: AT, actorId: "1", threadId: "2" },
        { payload: { message_id: "8" }, occurredAt: AT, projectId: "3", resourceId: "4", meetingId: "5" },
      ]),
    );
    expect(await written(world)).toEqual([
      {
        event_type: "chat_message_sent",
        actor_id: "1",
        project_id: null,
        resource_id: null,
        thread_id: "2",
        meeting_id: null,
        payload: { message_id: "7" },
        occurred_at: AT,
      },
      {
        event_type: "chat_message_sent",
        actor_id: null,
        project_id: "3",
        resource_id: "4",
        thread_id: null,
        meeting_id: "5",
        payload: { message_id: "8" },
        occurred_at: AT,
      },
    ]);
  });

  it("writes an event without subjects, and nothing for no events", async () => {
    const world = await createWorld();
    await inTransaction(world.db, async (tx) => {
      await emit(tx, commissionEarned, []);
      await emit(tx, commissionEarned, [{ payload: EARNED, occurredAt: AT }]);
    });
    expect(await written(world)).toMatchObject([{ event_type: "commission.earned", payload: EARNED }]);
  });

  it("rejects a payload that does not fit its type, and writes nothing", async () => {
    const world = await createWorld();
    const emission = inTransaction(world.db, (tx) =>
      emit(tx, chatMessageSent, [{ payload: { message_id: "seven" }, occurredAt: AT }]),
    );
    await expect(emission).rejects.toThrow();
    expect(await written(world)).toEqual([]);
  });
});

/** The smallest valid payload of each type. */
const SMALLEST: Record<string, Record<string, unknown>> = {
  document_uploaded: {},
  chat_message_sent: { message_id: 1 },
  thread_unread_stale: { user_id: 1 },
  meeting_invited: { invited_user_id: 1 },
  meeting_updated: {},
  meeting_reminder: { user_id: 1, start_time: "2026-03-08T02:00:00Z", offset_minutes: 30 },
  resume_incomplete_nudge: { user_id: 1, resume_kind: "project", completeness: 40, step: 1 },
  invite_accepted: { org_id: 1 },
  project_access_granted: { affected_user_id: 1, new_permission: "view" },
  project_access_changed: { affected_user_id: 1, old_permission: "view", new_permission: "edit" },
  document_permission_granted: { affected_user_id: 1, new_permission: "view" },
  document_permission_changed: { affected_user_id: 1, old_permission: "none", new_permission: "view" },
  chat_thread_participant_added: { added_user_id: 1 },
  "commission.earned": EARNED,
  "commission.held": { sale_id: "1", amount: "1", reasons: ["young-profile"] },
  "budget.awarded": {
    user_id: "1",
    profile_id: "2",
    organization_id: "3",
    period_id: "4",
    period: "daily",
    period_start: "2026-03-08",
    rank: 1,
    amount: "5",
  },
  "candidate.matched": { user_id: 1 },
  "lead.candidates_found": { count: 2 },
  "recommendations.ready": { user_id: 1, count: 2 },
  "calendar.action_required": { user_id: 1, connection_id: 2, provider: "google" },
  "cv.updated": { user_id: 1 },
  "post.created": { post_id: 1 },
  "post.updated": { post_id: 1 },
  "media.uploaded": { media_id: 1 },
  "follow.changed": { owner_id: 1, viewer_id: 2 },
  "profile.updated": { user_id: 1 },
  "preferences.updated": { user_id: 1 },
  "quiz.submitted": { user_id: 1 },
  "interests.updated": { user_id: 1 },
  "rating.given": { user_id: 1, rated_user_id: 2 },
  "user.blocked": { user_id: 1, blocked_user_id: 2 },
  "user.unblocked": { user_id: 1, blocked_user_id: 2 },
  "user.created": { user_id: 1 },
  "user.deleted": { user_id: 1 },
  "profile.hidden": { user_id: 1 },
  "profile.shown": { user_id: 1 },
  "project.updated": {},
};

describe("event types", () => {
  it("are declared once each", () => {
    expect(EVENT_TYPES.map((event) => event.type).sort()).toEqual(Object.keys(SMALLEST).sort());
  });

  it.each(EVENT_TYPES)(
    "$type parses its smallest payload, with ids as text, and rejects a smaller one",
    ({ type, payload }) => {
      const smallest = SMALLEST[type] ?? {};
      const parsed = payload.parse({ ...smallest, unknown: true }) as Record<string, unknown>;
      for (const [name, value] of Object.entries(smallest)) {
        const isId = name.endsWith("_id");
        expect(parsed[name]).toEqual(isId ? String(value) : value);
        const { [name]: _, ...rest } = smallest;
        expect(payload.safeParse(rest).success, `${type} without ${name}`).toBe(false);
        if (isId) expect(payload.safeParse({ ...smallest, [name]: [] }).success).toBe(false);
      }
    },
  );
});

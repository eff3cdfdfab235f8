import { EVENTS_SOURCE, rejectMessage } from "../../src/db/inbox.ts";
import { type Person, volunteer } from "./factories.ts";
import { grant, hostEvent, meeting, message, project, resource, thread } from "./platform.ts";
import { applicant, posting } from "./recommendations.ts";
import { takeSale } from "./sales.ts";
import type { World } from "./world.ts";

const DAY_MS = 86_400_000;

/** People who share a project and a thread, one of whom looks for work. */
export type Community = {
  readonly userIds: readonly string[];
  /** Buys tokens, and was recruited by nobody. */
  readonly buyer: Person;
  readonly projectId: string;
  readonly threadId: string;
};

/** @param userIds at least two. The first one becomes a member of the organization. */
export async function openCommunity(
  world: World,
  organizationId: string,
  userIds: readonly string[],
): Promise<Community> {
  const projectId = await project(world, { organizationId, createdBy: userIds[0] as string });
  const threadId = await thread(world, { participants: userIds, projectId });
  for (const userId of userIds) await grant(world, projectId, userId);
  await applicant(world, ["typescript", "postgres"], { primary_job_title: "Developer" });
  const buyer = await volunteer(world, { organizationId });
  return { userIds, buyer, projectId, threadId };
}

/**
 * What a host writes on a day: a sale, a document, a message, a meeting and a posting; a webhook call that
 * cannot be read; and a request and a failed login of operators.
 *
 * @param meetingMs when the meeting begins.
 */
export async function liveADay(
  world: World,
  { userIds, buyer, projectId, threadId }: Community,
  meetingMs: number,
): Promise<void> {
  const now = world.clock.now().toISOString();
  const [first, second] = userIds as readonly [string, string];
  await takeSale(world, { buyer });
  const resourceId = await resource(world, { projectId, createdBy: first });
  await hostEvent(world, "document_uploaded", { actorId: second, projectId, resourceId });
  await world.query("update chat_thread_participants set last_read_at = $1", [now]);
  await message(world, { threadId, senderId: second, createdAt: now });
  await meeting(world, {
    organizerId: first,
    startTime: new Date(meetingMs).toISOString(),
    participants: userIds,
  });
  await posting(world, {
    title: "Developer",
    source: "remotive",
    source_id: now,
    company: `Company ${now}`,
    description: "TypeScript and Postgres",
    valid_through: new Date(Date.parse(now) + 7 * DAY_MS),
  });
  await rejectMessage(world.db.drizzle, {
    source: EVENTS_SOURCE,
    raw: Buffer.from(`not JSON, on ${now}`),
    signature: null,
    secretId: null,
    receivedAt: world.clock.now(),
    faults: [{ field: "body", fault: "is not JSON" }],
  });
  await world.query(
    `insert into audit_log (actor, action, subject, details, at)
     values ('nobody', 'admin.login-failed', 'admin', '{}', $1), ('ann', 'admin.request', 'admin', '{}', $1)`,
    [now],
  );
}

import { resolveReference } from "../../src/db/references.ts";
import { distributeBudget } from "../../src/workers/budgets/distribute-budget.ts";
import { calculateMatches } from "../../src/workers/matching/calculate-matches.ts";
import { compatibility } from "../../src/workers/matching/people/compatibility.ts";
import { indexProfile } from "../../src/workers/matching/people/index-profile.ts";
import { recalculateMultipliers } from "../../src/workers/multipliers/recalculate-multipliers.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { delivery } from "./emails.ts";
import { chain, organization, type Person } from "./factories.ts";
import { enqueueRunIn } from "./jobs.ts";
import { giveSkills, projectFor, skilled } from "./matching.ts";
import { answer, happens, rate, scorePairs, setInterests } from "./pairs.ts";
import * as host from "./platform.ts";
import { heldSale, takeSale } from "./sales.ts";
import { approve, template } from "./tasks.ts";
import { createWorld, type World } from "./world.ts";

const NAME = "Ada Quick-Silver";
const EMAIL = "ada.quick@people.test";

export type ErasureScene = {
  readonly world: World;
  readonly ada: Person;
  /** Referred by Ada. */
  readonly buyer: Person;
  /** The project that lists Ada first, and the volunteer after her. */
  readonly project: string;
  readonly next: string;
  /** Her names, addresses and the ids by which the host knows her rows. */
  readonly traces: readonly string[];
  /** What leads to her. */
  readonly references: readonly string[];
};

/**
 * A community in which Ada has referrals, commissions, tasks, e-mails, meetings, matches, messages, a
 * calendar and an application, is mentioned by others, and is in a mailing whose result is unknown.
 */
export async function erasureScene(environment: Record<string, string> = {}): Promise<ErasureScene> {
  const world = await createWorld({ at: "2026-03-09T02:00:00Z", environment });
  const organizationId = await organization(world, { timeZone: "UTC" });
  const people = await chain(world, organizationId, 4);
  const [first, ada, buyer, last] = people as [Person, Person, Person, Person];
  await world.query("update users set name = 'Bo', email = 'bo@people.test' where id = $1", [first.userId]);
  const { publicId, referralCode } = await nameHer(world, ada);
  await earn(world, organizationId, people);
  await talkAndMeet(world, organizationId, ada, [first.userId, buyer.userId, last.userId]);
  const { project, next } = await match(world, organizationId, ada, first);
  await beLiked(world, ada, [first.userId, buyer.userId, last.userId]);
  await connect(world, ada);
  await beFound(world, ada);
  await write(world, ada, first);
  await die(world, ada);
  return {
    world,
    ada,
    buyer,
    project,
    next,
    traces: [NAME, EMAIL, "host-ada", publicId, referralCode, "sealed-token-of-ada", "ada's calendar"],
    references: ["host-ada", publicId],
  };
}

async function publicIdOf(world: World, { userId }: Person): Promise<string> {
  const [user] = await world.query<{ id: string }>("select public_id as id from users where id = $1", [
    userId,
  ]);
  return user!.id;
}

async function nameHer(world: World, ada: Person): Promise<{ publicId: string; referralCode: string }> {
  const [user] = await world.query<{ publicId: string }>(
    `update users set name = $2, email = $3, host_id = 'host-ada', time_zone = 'Europe/Paris', language = 'fr', last_active_at = now()
     where id = $1 returning public_id as "publicId"`,
    [ada.userId, NAME, EMAIL],
  );
  const [profile] = await world.query<{ referralCode: string }>(
    `update volunteer_profiles set host_id = 'host-ada-profile', referral_code = 'ADAQUICK' where id = $1 returning referral_code as "referralCode"`,
    [ada.profileId],
  );
  return { publicId: user!.publicId, referralCode: profile!.referralCode };
}

/** Tasks, a multiplier, a budget, a paid sale of her referral, and sales of her own, paid and held. */
async function earn(world: World, organizationId: string, people: readonly Person[]): Promise<void> {
  const [, ada, buyer] = people as [Person, Person, Person];
  const task = await template(world);
  for (const person of people) await approve(world, person, 3, "2026-03-08T12:00:00Z", task);
  await world.query("update task_assignments set host_id = 'host-ada-task-' || id where assignee_id = $1", [
    ada.profileId,
  ]);
  await world.query(
    "insert into referrals (profile_id, referrer_id, by_user_id) values ($1, $2, $3), ($4, $1, $3)",
    [ada.profileId, people[0]!.profileId, ada.userId, buyer.profileId],
  );
  await world.perform(recalculateMultipliers, { full: false });
  await world.perform(distributeBudget, { period: "daily", organizationId });
  for (const person of [ada, buyer]) await takeSale(world, { buyer: person });
  await world.drain();
  await heldSale(world, ada);
  await world.query(
    `update inbox set raw = convert_to('{"buyer": "host-ada"}', 'UTF8') where id in (select inbox_id from token_sales where buyer_user_id = $1)`,
    [ada.userId],
  );
}

async function talkAndMeet(
  world: World,
  organizationId: string,
  ada: Person,
  others: readonly string[],
): Promise<void> {
  const threadId = await host.thread(world, { participants: [ada.userId, ...others] });
  const messageId = await host.message(world, { threadId, senderId: ada.userId, body: `It is ${NAME}` });
  await host.hostEvent(world, "chat_message_sent", {
    actorId: ada.userId,
    threadId,
    payload: { message_id: messageId },
  });
  // Others mention her by the host's id and by the public one, and are quoted to the other whom they mention.
  for (const reference of ["host-ada", await publicIdOf(world, ada)])
    await host.hostEvent(world, "chat_message_sent", {
      actorId: others[0]!,
      threadId,
      payload: {
        message_id: await host.message(world, {
          threadId,
          senderId: others[0]!,
          body: `Ask @[${NAME}](user:${reference}) or @[Cy](user:${others[1]}), not @[Di](user:${ada.userId})`,
        }),
      },
    });
  // A message of hers, of which the host did not say that it is hers.
  await host.hostEvent(world, "chat_message_sent", {
    threadId,
    payload: {
      message_id: await host.message(world, {
        threadId,
        senderId: ada.userId,
        body: `@[Cy](user:${others[1]}) ${NAME} here`,
      }),
    },
  });
  const startTime = "2026-03-10T12:00:00Z";
  const shared = await host.meeting(world, {
    organizerId: ada.userId,
    startTime,
    participants: [ada.userId, ...others],
    title: `${NAME} and friends`,
  });
  await host.meeting(world, {
    organizerId: ada.userId,
    startTime,
    participants: [ada.userId],
    title: `${NAME} alone`,
  });
  await host.hostEvent(world, "meeting_invited", {
    actorId: ada.userId,
    meetingId: shared,
    payload: { invited_user_id: others[0] },
  });
  for (const userId of [ada.userId, ...others])
    await host.organizationMember(world, organizationId, userId, "owner");
  await host.hostEvent(world, "invite_accepted", {
    payload: { org_id: organizationId, new_member_id: ada.userId },
  });
  await host.prefer(world, ada.userId, { status: "immediate" });
  await host.notificationSettings(world, ada.userId, { frequency: "immediate" });
  await world.drain();
}

/** Profiles, answers, interests, ratings and what jobs compute of them. */
async function beLiked(world: World, ada: Person, others: readonly string[]): Promise<void> {
  for (const id of [ada.userId, ...others]) {
    await world.query(
      "insert into profiles (user_id, host_id, bio, birth_date, latitude, longitude) values ($1, $2, $3, '1990-01-01', 50, 10)",
      id === ada.userId ? [id, "host-ada-person", `${NAME} plays chess`] : [id, null, ""],
    );
    await world.query("insert into profile_preferences (user_id, age_min) values ($1, 20)", [id]);
    await setInterests(world, id, [1, 2]);
    await answer(world, id, { calm: 3 });
    await happens(world, "quiz.submitted", { user_id: id });
    await happens(world, "interests.updated", { user_id: id });
  }
  const [friend, rival] = others as [string, string];
  await rate(world, ada.userId, friend, [1, 2, 3, 4]);
  await rate(world, friend, ada.userId, [1, 2, 3, 4]);
  await host.block(world, ada.userId, rival);
  await world.query("insert into user_matches (user_id, other_id) values ($1, $2)", [friend, ada.userId]);
  await world.query("insert into profile_access (owner_id, viewer_id) values ($1, $2)", [ada.userId, friend]);
  await world.drain();
  await scorePairs(world, { full: true });
  await enqueueRunIn(world, compatibility, {});
  await world.drain();
  await world.query("insert into pair_changes (user_id) values ($1)", [ada.userId]);
}

async function match(world: World, organizationId: string, ada: Person, lead: Person) {
  await world.query(
    "insert into volunteers (user_id, host_id, latitude, longitude) values ($1, 'host-ada-volunteer', 48.8, 2.3)",
    [ada.userId],
  );
  await giveSkills(world, ada.userId, { cooking: 1 });
  const next = await skilled(world, { cooking: 0.5 }, { organizationId });
  const project = await projectFor(world, ["cooking"], { organizationId, lead: lead.userId });
  await world.query("update projects set team_lead = $1, created_by = $1 where id <> $2", [
    ada.userId,
    project,
  ]);
  const led = await projectFor(world, ["music"], { organizationId, lead: ada.userId, createdBy: ada.userId });
  await host.resource(world, { projectId: led, createdBy: ada.userId });
  await world.query("insert into project_applications (project_id, user_id) values ($1, $2)", [
    project,
    ada.userId,
  ]);
  await world.query("insert into match_dismissals (project_id, user_id) values ($1, $2)", [
    project,
    ada.userId,
  ]);
  await enqueueRunIn(world, calculateMatches, {});
  await host.hostEvent(world, "lead.candidates_found", {
    projectId: project,
    payload: { count: 1, candidates: [{ user_id: ada.userId, name: NAME, score: 95 }] },
  });
  await world.drain();
  return { project, next };
}

/** An entry of a top-five list, and a row of the search index. */
async function beFound(world: World, ada: Person): Promise<void> {
  await world.query(
    "insert into top5_items (user_id, host_id, list, position, text) values ($1, 'host-ada', 'people', 1, $2)",
    [ada.userId, NAME],
  );
  await world.perform(indexProfile, { userId: ada.userId });
}

async function connect(world: World, ada: Person): Promise<void> {
  await world.query(
    `insert into calendar_connections (user_id, provider, calendar_id, refresh_token) values ($1, 'google', 'ada''s calendar', 'sealed-token-of-ada')`,
    [ada.userId],
  );
  for (const [source, outcome] of [
    ["domain_events", "accepted"],
    ["scicent", "rejected"],
  ])
    await world.query(
      `insert into inbox (source, outcome, raw, raw_hash, received_at)
       values ($1, $2, convert_to('{"actor_id": "host-ada"}', 'UTF8'), '\\x00', now())`,
      [source, outcome],
    );
}

/** An event and a request of the host that nobody could record, and dead ones of somebody with her number. */
async function die(world: World, ada: Person): Promise<void> {
  const event = (user: string) => ({
    event: {
      type: "user.blocked",
      payload: { user_id: "9", blocked_user_id: user },
      occurredAt: "2026-03-01T00:00:00Z",
    },
  });
  const request = { job: "place-volunteer", payload: { volunteerId: "host-ada" }, requestedBy: "host" };
  await world.query(
    `insert into outbox (queue, job, key, payload, dead_at) select 'notifications', e->>0, e->>1, e->2, now() from jsonb_array_elements($1) e`,
    [
      JSON.stringify([
        ["record-host-event", "about her", event("host-ada")],
        ["record-host-event", "about another", event(ada.userId)],
        ["accept-host-request", "about her", request],
      ]),
    ],
  );
}

/** E-mails: one that was sent, and one to her and one to the other in a mailing of which nothing is known. */
async function write(world: World, ada: Person, other: Person): Promise<void> {
  await world.perform(emailInstant, {});
  await world.drain();
  for (const { userId } of [ada, other]) await delivery(world, { userId });
  await world.query(
    `insert into outbox (queue, job, key, payload, request, run_at)
     values ('notifications', 'send-emails', '999', '{"batchId": "999"}', $1, 'infinity')`,
    [JSON.stringify({ emails: [{ email: { to: EMAIL, text: `Hello ${NAME}` } }] })],
  );
}

/** What rewards and standings others have. */
export const figuresOf = (world: World, ada: Person) =>
  world.query(
    `select p.id, p.referrer_id, p.upline, p.level, p.total_xp, p.activity_multiplier, p.referral_code, p.last_activity_at,
            u.name, u.email, u.host_id, b.balance_micro,
            (select count(*) from volunteer_profiles r where r.referrer_id = p.id) as referrals,
            (select count(*) from task_assignments t where t.assignee_id = p.id) as tasks
     from volunteer_profiles p join users u on u.id = p.user_id
     join ledger_accounts a on a.profile_id = p.id join ledger_balances b on b.account_id = a.id
     where p.id <> $1 order by p.id`,
    [ada.profileId],
  );

/** Our id of the user that a reference leads to. */
export const readReference = (world: World, reference: string): Promise<string | null> =>
  resolveReference(world.db.drizzle, "users", reference);

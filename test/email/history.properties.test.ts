import fc from "fast-check";
import { expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { digestWindow } from "../../src/email/render/windows.ts";
import { unsubscribe } from "../../src/email/unsubscribe.ts";
import type { Email, Mailer, SendResult } from "../../src/ports/mailers/mailer.ts";
import { ChannelFault, MailerBusy, MailerUnavailable } from "../../src/ports/mailers/mailer.ts";
import { isQuiet, isTimeZone, type QuietHours } from "../../src/scoring/local-time.ts";
import type { DigestCadence } from "../../src/scoring/notifications/notify-decision.ts";
import { emailDaily } from "../../src/workers/notifications/email/email-daily.ts";
import { emailDigest } from "../../src/workers/notifications/email/email-digest.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { awarded } from "../support/emails.ts";
import { eventually } from "../support/eventually.ts";
import { organization } from "../support/factories.ts";
import { hostEvent, organizationMember, user } from "../support/platform.ts";
import { size } from "../support/sizes.ts";
import { createWorld, type World } from "../support/world.ts";

// Random histories of events, preferences, unsubscriptions, access, quiet hours and faults of the mail
// service. Each history is lived by two teams at once. The first team has one more member, whose data is bad.
// Some histories happen at the same time: the hours and the faults are common to them, all else is their own.

const HISTORIES = size(120, 2_000);
const TOGETHER = 4;
const PER_HOUR = 2;
const START = Date.parse("2026-03-02T14:00:00Z");
const ZONE = "America/Los_Angeles";
const MEMBERS = [0, 1] as const;
const TYPES = ["document_uploaded", "project_access_granted", "budget.awarded"] as const;
const MINUTE_MS = 60_000;

type Fault = "none" | "busy" | "channel" | "lost before" | "lost after";
/** What happens to one team. */
type Happening =
  | {
      readonly kind: "event";
      readonly type: (typeof TYPES)[number];
      readonly member: number;
      readonly times: number;
    }
  | { readonly kind: "must-send" | "grant" | "revoke" | "read" | "click"; readonly member: number }
  | { readonly kind: "prefer"; readonly member: number; readonly type: string; readonly status: string }
  | { readonly kind: "quiet"; readonly member: number; readonly from: number; readonly to: number }
  | { readonly kind: "frequency"; readonly member: number; readonly frequency: string }
  | { readonly kind: "zone"; readonly member: number; readonly zone: string }
  | { readonly kind: "unsubscribe"; readonly member: number; readonly type: string };
/** What happens to all. */
type Turn =
  | { readonly kind: "fault"; readonly fault: Fault }
  | { readonly kind: "wait"; readonly minutes: number };
/** What happens in each history, and then to all of them. */
type Step = { readonly own: readonly (readonly Happening[])[]; readonly turn: Turn };

const member = fc.constantFrom(...MEMBERS);
const type = fc.constantFrom(...TYPES);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("event"), type, member, times: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom("grant", "revoke", "read", "click", "must-send"), member }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("prefer"),
      member,
      type: fc.constantFrom("*", ...TYPES),
      status: fc.constantFrom("immediate", "digest", "muted"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("quiet"), member, from: fc.nat(1439), to: fc.nat(1439) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("frequency"),
      member,
      frequency: fc.constantFrom("immediate", "hourly", "daily", "none"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("zone"),
      member,
      zone: fc.constantFrom("Asia/Kathmandu", "Pacific/Kiritimati", "Mars/Olympus"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("unsubscribe"), member, type: fc.constantFrom("*", ...TYPES) }),
  },
) as fc.Arbitrary<Happening>;
const turn: fc.Arbitrary<Turn> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("wait"), minutes: fc.constantFrom(10, 30, 60, 180, 600) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("fault"),
      fault: fc.constantFrom("none", "busy", "channel", "lost before", "lost after"),
    }),
  },
) as fc.Arbitrary<Turn>;
const step: fc.Arbitrary<Step> = fc.record({
  own: fc.array(fc.array(happening, { maxLength: 3 }), { minLength: TOGETHER, maxLength: TOGETHER }),
  turn,
});

type Team = {
  readonly ownerId: string;
  readonly projectId: string;
  readonly resourceId: string;
  readonly members: readonly string[];
};

/** An accepted e-mail. */
type Accepted = { readonly to: string; readonly at: number; readonly kind: string };

/** The mail service: it accepts or fails as it is told, and checks what it accepts. */
function mailService() {
  const state = {
    fault: "none" as Fault,
    accepted: [] as Accepted[],
    /** By address: the token of the last unsubscribe link. */
    links: new Map<string, string>(),
    wrongs: [] as string[],
    world: null as World | null,
  };
  const known = new Map<string, { bytes: string; results: SendResult[] }>();
  /** The keys of mailings whose answer was lost: the same bytes are sent again, in quiet hours too. */
  const unknown = new Set<string>();
  const accept = async ({ headers, to, key }: Email, isRepeated: boolean): Promise<SendResult> => {
    const world = state.world as World;
    const content = headers["X-Entity-Ref-ID"] ?? "";
    const { kind, wrongs } = await judge(world, content, isRepeated);
    state.wrongs.push(...wrongs.map((wrong) => `${content} to ${to}: ${wrong}`));
    state.accepted.push({ to, at: world.clock.now().getTime(), kind });
    const token = /unsubscribe\/([\w-]{43})/.exec(headers["List-Unsubscribe"] ?? "")?.[1];
    if (token) state.links.set(to, token);
    return { kind: "accepted", providerId: `${key}@provider` };
  };
  const mailer: Mailer = {
    name: "resend",
    admit: async () => undefined,
    close: async () => undefined,
    async send({ key, emails }) {
      if (state.fault === "busy") throw new MailerBusy("busy", 600_000);
      if (state.fault === "channel") throw new ChannelFault("401", 600_000);
      if (state.fault === "lost before") {
        unknown.add(key);
        throw new MailerUnavailable("no answer");
      }
      const bytes = JSON.stringify(emails);
      const before = known.get(key);
      if (before && before.bytes !== bytes) state.wrongs.push(`${key} was used for other bytes`);
      const results = before?.results ?? [];
      if (!before) for (const email of emails) results.push(await accept(email, unknown.has(key)));
      known.set(key, { bytes, results });
      if (state.fault === "lost after") throw new MailerUnavailable("no answer");
      return results;
    },
  };
  return { state, mailer };
}

type Mail = ReturnType<typeof mailService>["state"];

type Content = { must: boolean; left: boolean; barred: boolean; digest: DigestCadence | null } & QuietUser;
type QuietUser = { zone: string | null; quietFrom: number | null; quietTo: number | null };

/** What an e-mail is, and what is wrong about sending it now, by the facts in the database. */
async function judge(
  world: World,
  content: string,
  isRepeated: boolean,
): Promise<{ kind: string; wrongs: string[] }> {
  const [of = "", id = "0"] = content.split("/");
  const items = await world.query<Content>(
    `select d.reason = 'must-send' as must,
            coalesce(s.unsubscribed_at is not null or d.event_type = any(s.unsubscribed_types), false) as left,
            e.project_id is not null and not exists (
              select 1 from project_access_grants g where g.project_id = e.project_id and g.user_id = d.user_id) as barred,
            u.time_zone as zone, s.quiet_from as "quietFrom", s.quiet_to as "quietTo", g.kind as digest
     from deliveries d left join email_digests g on g.id = d.digest_id join domain_events e on e.id = d.event_id join users u on u.id = d.user_id
     left join user_notification_settings s on s.user_id = d.user_id
     where d.status = 'pending' and ${of === "digest" ? "d.digest_id" : "d.id"} = $1`,
    [id],
  );
  const isMust = items.every(({ must }) => must);
  const isAsleep = items.some((item) => isInQuietHours(item, item.digest, world.clock.now()));
  return {
    kind: of === "digest" ? "digest" : isMust ? "must-send" : "single",
    wrongs: [
      ...(items.length === 0 ? ["it has no content"] : []),
      ...(items.some(({ left }) => left) && !isMust ? ["the user unsubscribed"] : []),
      ...(items.some(({ barred }) => barred) ? ["the user has no access"] : []),
      ...(isAsleep && !isMust && !isRepeated ? ["the user has quiet hours"] : []),
    ],
  };
}

const zoneOf = ({ zone }: QuietUser): string => (zone !== null && isTimeZone(zone) ? zone : ZONE);

const quietOf = ({ quietFrom, quietTo }: QuietUser): QuietHours | null =>
  quietFrom === null || quietTo === null ? null : { from: quietFrom, to: quietTo };

/** A digest may be sent in the window that opens with the end of wide quiet hours. */
function isInQuietHours(user: QuietUser, digest: DigestCadence | null, now: Date): boolean {
  const quiet = quietOf(user);
  if (quiet === null || !isQuiet(now, quiet, zoneOf(user))) return false;
  return digest === null || digestWindow(digest, zoneOf(user), now, quiet) === null;
}

/** What the projects of all teams have in common. */
async function openCommunity(world: World): Promise<Community> {
  const ownerId = await user(world, { name: "Ines Duarte" });
  const organizationId = await organization(world);
  await organizationMember(world, organizationId, ownerId);
  return { ownerId, organizationId };
}

type Community = { readonly ownerId: string; readonly organizationId: string };

/** The two teams of a history. The first one has a bad member. */
async function openTeams(
  world: World,
  { ownerId, organizationId }: Community,
  name: string,
): Promise<readonly [Team, Team]> {
  const projects = await idsOf(
    world,
    "insert into projects (organization_id, created_by, name, project_status) select $1, $2, 'Gardens', 'active' from generate_series(1, 2) returning id",
    [organizationId, ownerId],
  );
  const resources = await idsOf(
    world,
    "insert into resources (project_id, name, created_by) select p, 'Plan.pdf', $2 from unnest($1::bigint[]) p returning id",
    [projects, ownerId],
  );
  const members = await idsOf(
    world,
    `insert into users (name, email) select 'Member ' || m, $1 || '.' || team || '.' || m || '@people.test'
     from generate_series(0, 1) team, unnest($2::int[]) m returning id`,
    [name, MEMBERS],
  );
  const teams = [0, 1].map((n): Team => {
    const own = members.slice(n * MEMBERS.length, (n + 1) * MEMBERS.length);
    return { ownerId, projectId: projects[n]!, resourceId: resources[n]!, members: own };
  }) as [Team, Team];
  const granted = [
    ...teams.flatMap(({ projectId, members: of }) => of.map((id) => [projectId, id])),
    [projects[0], await badMember(world)],
  ];
  await world.query(
    "insert into project_access_grants (project_id, user_id, permission) select p, u, 'view' from unnest($1::bigint[], $2::bigint[]) g(p, u)",
    [granted.map(([project]) => project), granted.map(([, id]) => id)],
  );
  return teams;
}

const idsOf = async (world: World, statement: string, values: unknown[]): Promise<string[]> =>
  (await world.query<{ id: string }>(statement, values)).map(({ id }) => id);

async function badMember(world: World): Promise<string> {
  const id = await user(world, {
    name: "Eve\r\nBcc: everybody@people.test \u202e https://evil.test",
    email: "eve@people.test, everybody@people.test",
    timeZone: "Mars/Olympus",
  });
  await world.query(
    `insert into user_notification_settings (user_id, quiet_from, quiet_to, unsubscribed_types)
     values ($1, 0, 1439, '{nothing_known}')`,
    [id],
  );
  return id;
}

type Story = { readonly world: World; readonly mail: Mail; now: number };

function moveTo(story: Story, at: number): void {
  story.now = at;
  story.world.at(new Date(at).toISOString());
}

/** Runs the jobs that are due, once. */
async function tick({ world }: Story): Promise<void> {
  for (const job of [emailInstant, emailDigest, emailDaily]) await world.perform(job, {});
  await eventually(async () => {
    await world.skipBackOff();
    await world.drain();
    // A call that a busy machine interrupted is made again once its lease has ended, in real time.
    expect(await world.query("select id from outbox where leased_until > now()")).toEqual([]);
  });
}

async function live(story: Story, team: Team, happening: Happening): Promise<void> {
  const { world, mail } = story;
  const userId = team.members[happening.member] as string;
  const settings = (column: string, value: unknown) =>
    world.query(
      `insert into user_notification_settings (user_id, ${column}) values ($1, $2)
       on conflict (user_id) do update set ${column} = excluded.${column}`,
      [userId, value],
    );
  switch (happening.kind) {
    case "event":
      for (let n = 0; n < happening.times; n++) await emit(world, team, happening.type, userId);
      return;
    case "must-send": {
      const payload = { user_id: userId, connection_id: "1", provider: "google" };
      return void (await hostEvent(world, "calendar.action_required", { payload }));
    }
    case "grant":
      return void (await world.query(
        "insert into project_access_grants (project_id, user_id, permission) values ($1, $2, 'view') on conflict do nothing",
        [team.projectId, userId],
      ));
    case "revoke":
      return void (await world.query("delete from project_access_grants where user_id = $1", [userId]));
    case "read":
      return void (await world.query("update notifications set read_at = now() where user_id = $1", [
        userId,
      ]));
    case "click": {
      const [{ email } = { email: "" }] = await world.query<{ email: string }>(
        "select email from users where id = $1",
        [userId],
      );
      const token = mail.links.get(email);
      if (token) await inTransaction(world.db, (tx) => unsubscribe(tx, token, world.clock.now()));
      return;
    }
    case "prefer":
      return void (await world.query(
        `insert into notification_preferences (user_id, scope_type, scope_id, event_type, channel, status)
         values ($1, 'project', $2, $3, 'email', $4)
         on conflict on constraint notification_preferences_once do update set status = excluded.status`,
        [userId, team.projectId, happening.type, happening.status],
      ));
    case "quiet":
      return void (await world.query(
        `insert into user_notification_settings (user_id, quiet_from, quiet_to) values ($1, $2, $3)
         on conflict (user_id) do update set quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to`,
        [userId, happening.from, happening.to],
      ));
    case "zone":
      return void (await world.query("update users set time_zone = $2 where id = $1", [
        userId,
        happening.zone,
      ]));
    case "frequency":
      return void (await settings("frequency", happening.frequency));
    case "unsubscribe":
      return void (await (happening.type === "*"
        ? settings("unsubscribed_at", new Date(story.now))
        : settings("unsubscribed_types", [happening.type])));
  }
}

function emit(world: World, team: Team, type: (typeof TYPES)[number], userId: string): Promise<string> {
  const { ownerId, projectId, resourceId } = team;
  if (type === "budget.awarded") return hostEvent(world, type, { payload: awarded(userId) });
  if (type === "document_uploaded")
    return hostEvent(world, type, { actorId: ownerId, projectId, resourceId, payload: {} });
  const payload = { affected_user_id: userId, new_permission: "view" };
  return hostEvent(world, type, { actorId: ownerId, projectId, payload });
}

type Waiting = QuietUser & { id: string; cadence: "hourly" | "daily" | null; notBefore: Date | null };

const waiting = (world: World): Promise<Waiting[]> =>
  world.query<Waiting>(
    `select d.id, d.cadence, d.not_before as "notBefore", u.time_zone as zone, s.quiet_from as "quietFrom", s.quiet_to as "quietTo"
     from deliveries d join users u on u.id = d.user_id left join user_notification_settings s on s.user_id = d.user_id
     where d.channel = 'email' and d.status = 'pending' order by d.id`,
  );

/** The next run at which a delivery can be sent. */
function nextRun(one: Waiting, now: number): number {
  const { cadence, notBefore } = one;
  const grid = 15 * MINUTE_MS;
  const first = Math.floor(now / grid) * grid + grid;
  if (cadence === null) return Math.max(first, notBefore?.getTime() ?? 0);
  for (let at = first; ; at += grid) {
    const window = digestWindow(cadence, zoneOf(one), new Date(at), quietOf(one));
    if (window !== null && window.start.getTime() > now) return at;
  }
}

/** The mail service works: everything that waits ends within two windows. */
async function endWithinTwoWindows(story: Story): Promise<void> {
  story.mail.fault = "none";
  const windows = new Map<string, number>();
  await tick(story);
  for (let left = await waiting(story.world); left.length > 0; left = await waiting(story.world)) {
    const runs = left.map((one) => ({ id: one.id, at: nextRun(one, story.now) }));
    const at = Math.min(...runs.map((run) => run.at));
    for (const run of runs) if (run.at === at) windows.set(run.id, (windows.get(run.id) ?? 0) + 1);
    moveTo(story, at);
    await tick(story);
    for (const { id } of await waiting(story.world)) expect(windows.get(id) ?? 0).toBeLessThan(2);
  }
}

/** No user got more than PER_HOUR single e-mails in any hour. */
function expectLimitKept({ accepted }: Mail): void {
  const singles = accepted.filter(({ kind }) => kind === "single");
  for (const { to, at } of singles) {
    const inHour = singles.filter(
      (other) => other.to === to && other.at <= at && other.at > at - 60 * MINUTE_MS,
    );
    expect(inHour.length).toBeLessThanOrEqual(PER_HOUR);
  }
}

/** What each member of a team got and did not get. */
async function resultsOf({ world, mail }: Story, { members }: Team): Promise<unknown[]> {
  const found = await world.query<{ email: string; rows: unknown }>(
    `select u.email, (
       select jsonb_agg(jsonb_build_array(d.event_type, d.decision, d.status, coalesce(d.error, d.reason)) order by d.id)
       from deliveries d where d.user_id = u.id and d.channel = 'email') as rows
     from users u where u.id = any($1::bigint[]) order by u.id`,
    [members],
  );
  return found.map(({ email, rows }) => {
    const got = mail.accepted.filter(({ to }) => to === email).map(({ at, kind }) => ({ at, kind }));
    return { got, rows };
  });
}

/** Histories that happen at the same time: the n-th things of all, the n+1st, and so on; then the turn. */
async function liveThrough(
  story: Story,
  histories: readonly (readonly Team[])[],
  { own, turn }: Step,
): Promise<void> {
  const length = Math.max(...own.map((happenings) => happenings.length));
  for (let n = 0; n < length; n++) {
    for (const [index, teams] of histories.entries()) {
      const one = own[index]?.[n];
      if (one) for (const team of teams) await live(story, team, one);
    }
    await story.world.drain();
  }
  if (turn.kind === "fault") story.mail.fault = turn.fault;
  else moveTo(story, story.now + turn.minutes * MINUTE_MS);
  await tick(story);
}

it(
  "e-mail keeps its promises over random histories",
  async () => {
    const { state, mailer } = mailService();
    const world = await createWorld({
      at: new Date(START).toISOString(),
      ports: { mailer },
      environment: {
        USER_EMAILS_PER_HOUR: String(PER_HOUR),
        USER_TIME_ZONE: ZONE,
        RESEND_API_KEY: "re_test",
        EMAIL_FROM: "a@b.test",
        PUBLIC_URL: "https://x.test",
      },
    });
    state.world = world;
    const story: Story = { world, mail: state, now: START };
    const community = await openCommunity(world);
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
        Object.assign(state, { fault: "none", accepted: [], wrongs: [] });
        moveTo(story, START);
        runs += 1;
        const histories: (readonly [Team, Team])[] = [];
        for (let n = 0; n < TOGETHER; n++)
          histories.push(await openTeams(world, community, `run${runs}.${n}`));
        for (const one of steps) await liveThrough(story, histories, one);
        await endWithinTwoWindows(story);
        expect(state.wrongs).toEqual([]);
        expectLimitKept(state);
        for (const [first, second] of histories)
          expect(await resultsOf(story, first)).toEqual(await resultsOf(story, second));
        expect(await world.enqueued()).toEqual([]);
      }),
      { numRuns: HISTORIES / TOGETHER },
    );
  },
  size(900_000, 6_000_000),
);

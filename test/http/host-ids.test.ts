import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cli, environmentOf } from "../support/cli.ts";
import { organization } from "../support/factories.ts";
import { read } from "../support/pages.ts";
import {
  insertRow,
  project as newProject,
  thread as newThread,
  user as newUser,
} from "../support/platform.ts";
import { listOf } from "../support/posting-api.ts";
import { posting as newPosting, storeList } from "../support/recommendations.ts";
import { JWT_SECRET, userToken } from "../support/user-token.ts";
import { createWorld, type World } from "../support/world.ts";
import { callWebhook, SALE_PATH, serve, sign } from "./support.ts";

const SECRET = "the long secret of the host";
const UNKNOWN = "00000000-0000-4000-8000-00000000dead";

const TABLES = {
  user: "users",
  organization: "organizations",
  project: "projects",
  thread: "chat_threads",
  post: "posts",
  posting: "jobs",
  profile: "volunteer_profiles",
  meeting: "meetings",
  media: "media",
} as const;

/** What routes and commands refer to, by an id. */
type Ids = Readonly<Record<keyof typeof TABLES, string>>;

/** One row of everything, all of the same user, and a way to call the service for that user. */
async function scene() {
  const world = await createWorld({
    environment: {
      AUTH_JWT_SECRET: JWT_SECRET,
      DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET,
    },
  });
  const address = await serve(world);
  const user = await newUser(world, { name: "Ada", email: "ada@host.test" });
  const organizationId = await organization(world);
  const insert = async (table: string, fields: Record<string, unknown>) =>
    (await insertRow(world, table, fields)).id;
  const own: Ids = {
    user,
    organization: organizationId,
    project: await newProject(world, {
      organizationId,
      createdBy: user,
      status: "recruiting",
      teamLead: user,
    }),
    thread: await newThread(world, { participants: [user] }),
    post: await insert("posts", { author_id: user, body: "Spring" }),
    posting: await newPosting(world, { title: "Gardener" }),
    profile: await insert("volunteer_profiles", {
      user_id: user,
      organization_id: organizationId,
      referral_code: "ABCD2345",
    }),
    meeting: await insert("meetings", {
      organizer_id: user,
      title: "Plans",
      start_time: "2030-01-01T10:00:00Z",
      end_time: "2030-01-01T11:00:00Z",
    }),
    media: await insert("media", { owner_id: user, kind: "IMAGE" }),
  };
  await world.query("insert into volunteers (user_id) values ($1)", [user]);
  await storeList(world, user, listOf([own.posting]));
  let subject = user;
  /** Gives every row a uuid of the host. @returns these. */
  const adopt = async (): Promise<Ids> => {
    const given = Object.fromEntries(Object.keys(TABLES).map((name) => [name, randomUUID()])) as Ids;
    for (const [name, table] of Object.entries(TABLES) as [keyof Ids, string][])
      await world.query(`update ${table} set host_id = $1 where id = $2`, [given[name], own[name]]);
    subject = given.user;
    return given;
  };
  const call = async (method: string, path: string, body?: unknown) => {
    const token = await userToken(subject, world.clock.now());
    const response = await fetch(`${address}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
    };
  };
  return { world, address, own, adopt, call };
}

const all = (id: string): Ids => Object.fromEntries(Object.keys(TABLES).map((name) => [name, id])) as Ids;

type Request = readonly [method: string, path: string, body?: unknown];

/** For each route of the API that takes ids of the host: a call, and what the answer to an unknown one is. */
const ROUTES: Readonly<Record<string, readonly [call: (ids: Ids) => Request, unknown: object]>> = {
  "GET /api/v1/projects/{id}/candidates": [
    ({ project }) => ["GET", `/api/v1/projects/${project}/candidates`],
    { status: 404, body: { error: { code: "not-found" } } },
  ],
  "POST /api/v1/volunteers/me/matches/{projectId}/dismiss": [
    ({ project }) => ["POST", `/api/v1/volunteers/me/matches/${project}/dismiss`],
    { status: 404, body: { error: { code: "not-found" } } },
  ],
  "DELETE /api/v1/volunteers/me/matches/{projectId}/dismiss": [
    ({ project }) => ["DELETE", `/api/v1/volunteers/me/matches/${project}/dismiss`],
    { status: 404, body: { error: { code: "not-found" } } },
  ],
  "GET /api/v1/jobs/{id}": [
    ({ posting }) => ["GET", `/api/v1/jobs/${posting}`],
    { status: 404, body: { error: { code: "not-found" } } },
  ],
  "GET /api/v1/jobs/{id}/explanation": [
    ({ posting }) => ["GET", `/api/v1/jobs/${posting}/explanation`],
    { status: 404, body: { error: { code: "not-found" } } },
  ],
  "POST /api/v1/jobs/{id}/save": [
    ({ posting }) => ["POST", `/api/v1/jobs/${posting}/save`],
    { status: 404, body: { error: { code: "not-found" } } },
  ],
  "POST /api/v1/jobs/{id}/applied": [
    ({ posting }) => ["POST", `/api/v1/jobs/${posting}/applied`],
    { status: 404, body: { error: { code: "not-found" } } },
  ],
  "POST /api/v1/jobs/{id}/dismiss": [
    ({ posting }) => ["POST", `/api/v1/jobs/${posting}/dismiss`],
    { status: 404, body: { error: { code: "not-found" } } },
  ],
  "GET /api/v1/explain/{kind}/{id}": [
    ({ profile }) => ["GET", `/api/v1/explain/multiplier/${profile}`],
    { status: 404, body: { error: { code: "not-found" } } },
  ],
  "PUT /api/v1/notification-preferences": [
    ({ project, thread }) => [
      "PUT",
      "/api/v1/notification-preferences",
      {
        preferences: [
          { scope_type: "project", scope_id: project, event_type: "*", channel: "*", status: "muted" },
          { scope_type: "thread", scope_id: thread, event_type: "*", channel: "*", status: "muted" },
        ],
      },
    ],
    {
      status: 422,
      body: { error: { faults: [{ field: "preferences.0.scope_id", fault: "is unknown" }, {}] } },
    },
  ],
  "POST /api/v1/feed/seen": [
    ({ post }) => ["POST", "/api/v1/feed/seen", { items: [{ kind: "post", id: post }] }],
    { status: 200, body: { seen: 0 } },
  ],
  "POST /api/v1/jobs/recommendations/seen": [
    ({ posting }) => ["POST", "/api/v1/jobs/recommendations/seen", { seen: [posting] }],
    { status: 200, body: { seen: 0 } },
  ],
};

/** Parameters in paths that are ids of ours, or names. */
const OWN_PARAMETERS = [
  "POST /api/v1/notifications/{id}/read",
  "GET /api/v1/calendar-connections/{provider}",
  "PUT /api/v1/calendar-connections/{provider}",
  "DELETE /api/v1/calendar-connections/{provider}",
];

describe("ids of the host in the API", () => {
  it("the table below has every route with an id in its path", () => {
    const { paths } = JSON.parse(read("docs/openapi.json")) as { paths: Record<string, object> };
    const withIds = Object.entries(paths)
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
      .filter((route) => /\/api\/v1\/.*\{/.test(route));
    const listed = [...Object.keys(ROUTES), ...OWN_PARAMETERS].filter((route) => route.includes("{"));
    expect(listed.sort()).toEqual(withIds.sort());
  });

  it("uuids are accepted, ours are where the host has none, and unknown ones are answered clearly", async () => {
    const { world, own, adopt, call } = await scene();
    const [row] = await world.query<{ id: string }>("select public_id as id from jobs");
    // Postings without an id of the host have a public one.
    const ours: Ids = { ...own, posting: row?.id ?? "" };
    const answers = async (ids: Ids) => {
      const found: Record<string, unknown> = {};
      for (const [route, [request]] of Object.entries(ROUTES)) found[route] = await call(...request(ids));
      return found as Record<string, { status: number; body: unknown }>;
    };
    const byOwn = await answers(ours);
    // What was seen is recorded once.
    await world.query("delete from recommendation_views");
    await world.query("delete from feed_seen");
    const byUuid = await answers(await adopt());
    for (const [route, [, unknown]] of Object.entries(ROUTES)) {
      expect(byOwn[route]?.status, route).toBeLessThan(300);
      expect(byUuid[route]?.status, route).toBe(byOwn[route]?.status);
      expect(byUuid[route], route).not.toMatchObject(unknown);
    }
    const byUnknown = await answers(all(UNKNOWN));
    for (const [route, [, unknown]] of Object.entries(ROUTES))
      expect(byUnknown[route], route).toMatchObject(unknown);
  });
});

describe("ids of the host in webhooks", () => {
  const SENT: Readonly<Record<string, readonly [body: (ids: Ids) => string, unknown: object]>> = {
    "/webhooks/domain_events": [
      ({ user, project, thread }) =>
        JSON.stringify({
          events: [
            {
              id: randomUUID(),
              event_type: "project_access_granted",
              actor_id: user,
              project_id: project,
              thread_id: thread,
              payload: { affected_user_id: user, new_permission: "view" },
            },
          ],
        }),
      { status: 422, body: { error: { code: "bad-events" } } },
    ],
    "/webhooks/engagement": [
      ({ user, post }) =>
        JSON.stringify({
          events: [
            {
              id: randomUUID(),
              user_id: user,
              target_kind: "post",
              target_id: post,
              kind: "like",
              occurred_at: "2026-01-01T00:00:00Z",
            },
          ],
        }),
      { status: 422, body: { events: [{ status: "unknown_user" }] } },
    ],
    "/webhooks/records": [
      ({ project, user }) =>
        JSON.stringify({
          table: "project_members",
          host_id: randomUUID(),
          version: 1,
          columns: { project_id: project, user_id: user },
        }),
      { status: 202, body: { records: [{ status: "waiting" }] } },
    ],
    [SALE_PATH]: [
      ({ user }) => `{"user_id":${JSON.stringify(user)},"amount":5,"transaction_id":"${randomUUID()}"}`,
      { status: 422, body: { error: { faults: [{ field: "user_id" }] } } },
    ],
  };

  it("uuids are accepted, and unknown ones are answered clearly", async () => {
    const { address, adopt } = await scene();
    const uuids = await adopt();
    const send = (path: string, body: string) =>
      callWebhook(address, body, {
        path,
        headers: {
          "X-Commonwork-Signature": sign(body, SECRET),
          "Content-Type": path === "/webhooks/records" ? "application/x-ndjson" : "application/json",
        },
      });
    for (const [path, [body, unknown]] of Object.entries(SENT)) {
      const known = await send(path, body(uuids));
      expect(known.status, path).toBe(202);
      expect(known, path).not.toMatchObject(unknown);
      expect(await send(path, body(all(UNKNOWN))), path).toMatchObject(unknown);
    }
  });
});

describe("ids of the host in commands", () => {
  const COMMANDS: readonly ((ids: Ids) => readonly string[])[] = [
    ({ user }) => ["statement", "--user-id", user],
    ({ user }) => ["referral:tree", "--user-id", user],
    ({ user }) => ["matches", "--user-id", user],
    ({ project }) => ["matches", "--project-id", project],
    ({ user }) => ["calendar", "disconnect", "--user-id", user],
    ({ user }) => ["erase-user", user, "--dry-run"],
    ({ user }) => ["sale", "--user-id", user, "--amount", "5", "--transaction-id", randomUUID()],
    ({ user }) => ["run", "build-user-traits", "--user-id", user, "--dry-run"],
    ({ organization }) => ["run", "recalculate-multipliers", "--organization-id", organization, "--dry-run"],
    ({ project }) => ["run", "resume-incomplete-nudges", "--project-id", project, "--dry-run"],
    ({ meeting }) => ["run", "meeting-reminders", "--meeting-id", meeting, "--dry-run"],
    ({ post }) => ["run", "content-features", "--post-id", post, "--dry-run"],
    ({ media }) => ["run", "media-metadata", "--media-id", media, "--dry-run"],
    ({ user }) => ["run", "place-volunteer", "--volunteer-id", user, "--dry-run"],
    ({ profile }) => ["explain", "multiplier", profile],
  ];

  const said = async (world: World, argv: readonly string[]) => {
    const { out, err } = await cli(environmentOf(world), ...argv);
    return `${out}${err}`;
  };

  it("uuids are accepted, ours are where the host has none, and unknown ones are named", async () => {
    const { world, own, adopt } = await scene();
    for (const command of COMMANDS)
      expect(await said(world, command(own)), command(own).join(" ")).not.toMatch(/There is no|must be/);
    const uuids = await adopt();
    for (const command of COMMANDS) {
      const argv = command(uuids);
      expect(await said(world, argv), argv.join(" ")).not.toMatch(/There is no|must be/);
      expect(await said(world, command(all(UNKNOWN))), argv.join(" ")).toMatch(
        new RegExp(`There is no [a-z ]+ ${UNKNOWN}\\.`),
      );
    }
  });
});

import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Terminal } from "../../cli/terminal.ts";
import { type Config, readConfig } from "../../config/config.ts";
import { type Database, openDatabase } from "../../db/client.ts";
import { migrateDatabase } from "../../db/migrate/migrate.ts";
import { formatNumber } from "../../format-counts.ts";
import { openReporting, startService } from "../../main.ts";
import { onFreePort } from "../servers/server-program.ts";
import { createDemoActivity } from "./activity.ts";
import { type Community, createCommunity } from "./community.ts";
import { type JobBoards, startJobBoards } from "./demo-boards.ts";
import { type CalendarProvider, startCalendarProvider } from "./demo-calendar.ts";
import type { DemoLog } from "./demo-log.ts";
import { type Seller, startSeller } from "./demo-seller.ts";
import { type DemoServers, startDemoServers } from "./demo-servers.ts";
import { createSkills } from "./skills.ts";

/** Closes what was opened; called in reverse order. */
export type Closers = (() => Promise<unknown>)[];

/** Everything that runs during the demo. */
export type OpenDemo = {
  readonly config: Config;
  readonly db: Database;
  readonly community: Community;
  readonly seller: Seller;
  readonly calendars: CalendarProvider;
  /** Secret of the tokens of the user API. */
  readonly jwtSecret: string;
  /** Base URL of the service, without a trailing slash. */
  readonly address: string;
  /** Prefix of every transaction id of this demo. */
  readonly name: string;
  readonly now: Date;
  /** Folder of the sent e-mails: EMAIL_FOLDER, or a temporary one that is deleted at the end. */
  readonly emailFolder: string;
  /** Folder of uploaded files. */
  readonly mediaFolder: string;
};

export const SEED = 20_260_308;
const VOLUNTEERS = 2_000;

/** Runs one step, then prints its result and duration. */
export type DemoStep = <T>(
  title: string,
  work: () => Promise<T>,
  describe: (result: T) => string,
) => Promise<T>;

export function stepsOn(terminal: Terminal): DemoStep {
  return async (title, work, describe) => {
    const startedMs = performance.now();
    const result = await work();
    const took = `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
    terminal.write(`  ${title.padEnd(10)}  ${took.padStart(6)}  ${describe(result)}\n`);
    return result;
  };
}

/** How the demo is started. */
export type DemoOptions = {
  readonly terminal: Terminal;
  readonly log: DemoLog;
  /** Receives the functions that close what was opened. */
  readonly closers: Closers;
  /** The port to listen on; null for a free one. */
  readonly port: number | null;
};

/** Starts servers, schema, community, and a service with every role, all in this process. */
export async function openDemo({ terminal, log, closers, port }: DemoOptions): Promise<OpenDemo> {
  const { environment } = terminal;
  const step = stepsOn(terminal);
  const servers = await step(
    "servers",
    () => startDemoServers(environment),
    (started) => started.description,
  );
  closers.push(() => servers.stop());
  await step(
    "schema",
    () => migrateDatabase(servers),
    () => "migrations applied",
  );
  const db = openDatabase(servers, { max: 4, applicationName: "commonwork-demo" });
  closers.push(() => db.close());
  const now = new Date();
  const community = await step(
    "community",
    () => createCommunity(db, { size: VOLUNTEERS, seed: SEED, now }),
    ({ members, organizationIds, greatestDepth }) =>
      `${formatNumber(members.length)} volunteers in ${organizationIds.length} organizations, referral trees up to ${greatestDepth} levels deep`,
  );
  await step(
    "activity",
    () => createDemoActivity(db, community, { seed: SEED, now }),
    (tasks) => `${formatNumber(tasks)} task assignments in the last nine weeks`,
  );
  await step(
    "skills",
    () => createSkills(db, community, SEED),
    ({ skills, volunteers, projects }) =>
      `${skills} skills, ${formatNumber(volunteers)} volunteers who have some, ${projects} projects that need some`,
  );
  const seller = await startSeller();
  closers.push(() => seller.stop());
  const calendars = await startCalendarProvider();
  closers.push(() => calendars.stop());
  const boards = await startJobBoards(now);
  closers.push(() => boards.stop());
  const emailFolder = environment.EMAIL_FOLDER || (await temporaryFolder("emails", closers));
  const mediaFolder = await temporaryFolder("media", closers);
  const jwtSecret = drawSecret();
  const around = { seller, calendars, boards, emailFolder, mediaFolder, jwtSecret };
  const { config, service } = await step(
    "service",
    () =>
      onFreePort(port ?? undefined, async (free) => {
        const config = configFor(environment, servers, { ...around, port: free });
        return { config, service: await startService(config, await openReporting(config, log.destination)) };
      }),
    ({ config }) => `${config.roles.join(", ")} on ${config.publicUrl}`,
  );
  closers.push(() => service.stop());
  return {
    config,
    db,
    community,
    seller,
    calendars,
    jwtSecret,
    address: config.publicUrl,
    name: `demo-${now.getTime().toString(36)}`,
    now,
    emailFolder,
    mediaFolder,
  };
}

async function temporaryFolder(content: string, closers: Closers): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `commonwork-${content}-`));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const drawPassword = (): string => randomBytes(12).toString("base64url");
const drawSecret = (): string => randomBytes(32).toString("base64url");

type Around = Pick<OpenDemo, "seller" | "calendars" | "emailFolder" | "mediaFolder" | "jwtSecret"> & {
  readonly boards: JobBoards;
  readonly port: number;
};

/** Every variable is set explicitly, so that nothing else in the environment affects the demo. */
function configFor(
  environment: NodeJS.ProcessEnv,
  servers: DemoServers,
  { port, seller, calendars, boards, emailFolder, mediaFolder, jwtSecret }: Around,
): Config {
  const host = environment.HOST || "127.0.0.1";
  return readConfig({
    DATABASE_URL: servers.databaseUrl,
    DB_SCHEMA: servers.databaseSchema,
    REDIS_URL: servers.redisUrl,
    REDIS_PREFIX: servers.redisPrefix,
    HOST: host,
    PORT: String(port),
    // Links in its e-mails lead to it.
    PUBLIC_URL: `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`,
    LOG_LEVEL: environment.LOG_LEVEL || "warn",
    LOG_FORMAT: "json",
    SCICENT_WEBHOOK_SECRET: drawSecret(),
    SCICENT_API_URL: seller.url,
    EMAIL_FOLDER: emailFolder,
    MEDIA_FOLDER: mediaFolder,
    DOMAIN_EVENTS_WEBHOOK_SECRET: drawSecret(),
    AUTH_JWT_SECRET: jwtSecret,
    ADMIN_PASSWORD: drawPassword(),
    VIEWER_PASSWORD: drawPassword(),
    TOKEN_ENCRYPTION_KEY: randomBytes(32).toString("hex"),
    GOOGLE_CLIENT_ID: "demo",
    GOOGLE_CLIENT_SECRET: "demo",
    // The demo's provider never pushes.
    GOOGLE_CALENDAR_WEBHOOK_URL: "https://demo.invalid/webhooks/google_calendar",
    GOOGLE_API_URL: `${calendars.url}/`,
    GOOGLE_TOKEN_URL: `${calendars.url}/token`,
    POSTING_LISTS: boards.lists,
    POSTING_BASE_URLS: boards.baseUrls,
    FETCH_CONTACT: "demo@people.example",
    // The boards are on this machine, all of them on one host.
    NODE_ENV: "development",
    FETCH_ALLOW_LOOPBACK: "true",
    FETCH_PER_SECOND: "100",
    ADZUNA_APP_ID: "demo",
    ADZUNA_APP_KEY: "demo",
  });
}

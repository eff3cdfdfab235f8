import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatNumber } from "../../cli/table.ts";
import type { Terminal } from "../../cli/terminal.ts";
import { type Config, readConfig } from "../../config/config.ts";
import { type Database, openDatabase } from "../../db/client.ts";
import { migrateDatabase } from "../../db/migrate.ts";
import { createLog } from "../../log.ts";
import { startService } from "../../main.ts";
import { onFreePort } from "../servers/server-program.ts";
import { createActivity } from "./activity.ts";
import { type Community, createCommunity } from "./community.ts";
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
  /** Base URL of the service, without a trailing slash. */
  readonly address: string;
  /** Prefix of every transaction id of this demo. */
  readonly name: string;
  readonly now: Date;
  /** Folder of the sent e-mails. It is kept after the demo. */
  readonly emailFolder: string;
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

/** Starts servers, schema, community, and a service with every role, all in this process. */
export async function openDemo(terminal: Terminal, log: DemoLog, closers: Closers): Promise<OpenDemo> {
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
    () => createActivity(db, community, { seed: SEED, now }),
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
  const emailFolder = await mkdtemp(join(tmpdir(), "commonwork-emails-"));
  const port = [undefined, "", "0"].includes(environment.PORT) ? undefined : Number(environment.PORT);
  const { config, service } = await step(
    "service",
    () =>
      onFreePort(port, async (free) => {
        const config = configFor(environment, servers, { port: free, seller, emailFolder });
        const destination = { ...config.log, destination: log.destination };
        return { config, service: await startService(config, createLog(destination)) };
      }),
    ({ config }) => `${config.roles.join(", ")} on ${config.publicUrl}`,
  );
  closers.push(() => service.stop());
  return {
    config,
    db,
    community,
    seller,
    address: config.publicUrl,
    name: `demo-${now.getTime().toString(36)}`,
    now,
    emailFolder,
  };
}

const drawSecret = (): string => randomBytes(12).toString("base64url");

type Around = { readonly port: number; readonly seller: Seller; readonly emailFolder: string };

/** Every variable is set explicitly, so that nothing else in the environment affects the demo. */
function configFor(
  environment: NodeJS.ProcessEnv,
  servers: DemoServers,
  { port, seller, emailFolder }: Around,
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
    ADMIN_PASSWORD: drawSecret(),
    VIEWER_PASSWORD: drawSecret(),
  });
}

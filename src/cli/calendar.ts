import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { PROVIDER } from "../calendar/connections.ts";
import { resealTokens } from "../calendar/reseal.ts";
import { audit } from "../db/audit.ts";
import { referencesTo } from "../db/references.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";
import { formatInstant } from "../format-instant.ts";
import { connectCalendar, disconnectCalendar, listConnections } from "../intake/calendar-connections.ts";
import type { CalendarPort } from "../ports/calendar.ts";
import type { Runtime } from "../roles/runtime.ts";
import { jsonFlag, mandatoryFlag, requireFlag } from "./flags.ts";
import { integerOption } from "./number-option.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { requireUserId, USER_ID_FORMS } from "./references.ts";
import { CliError, operator, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";
import { withRuntime } from "./with-runtime.ts";

type ConnectOptions = { userId: string; provider: string; refreshToken: string; json?: true };

/** `commonwork calendar connect|disconnect|list|reseal`. */
export function defineCalendar(command: Command, terminal: Terminal): void {
  const connect = command
    .command("connect")
    .description("connect a user's calendar with the refresh token they granted");
  mandatoryFlag(connect, "--user-id <id>", `the user: ${USER_ID_FORMS}`);
  requireFlag(connect, new Option("--provider <name>", "the calendar provider: google"));
  mandatoryFlag(connect, "--refresh-token <file>", "file that holds the refresh token; - for standard input");
  jsonFlag(connect).action((options: ConnectOptions) => connectOne(terminal, options));

  const disconnect = command
    .command("disconnect")
    .description("disconnect a user's calendar: close its channel, then delete its tokens");
  mandatoryFlag(disconnect, "--user-id <id>", `the user: ${USER_ID_FORMS}`);
  jsonFlag(disconnect).action((options: { userId: string; json?: true }) => disconnectOne(terminal, options));

  const list = command.command("list").description("list connections, oldest first, without their tokens");
  list.option("--limit <number>", "how many", integerOption("--limit", 1, 10_000), 50);
  jsonFlag(list).action((options: { limit: number; json?: true }) => listAll(terminal, options));

  const reseal = command
    .command("reseal")
    .description(
      "re-encrypt every token with the first key of TOKEN_ENCRYPTION_KEY; run it before removing an old key",
    );
  jsonFlag(reseal).action(async ({ json }: { json?: true }) => {
    const resealed = await withRuntime(terminal, { redis: false }, ({ db, ports }) =>
      resealTokens(db, requirePort(ports)),
    );
    if (json) printJson(terminal, { resealed });
    else printLine(terminal, `Re-encrypted the tokens of ${resealed} connections.`);
  });
}

async function connectOne(terminal: Terminal, options: ConnectOptions): Promise<void> {
  const { provider, refreshToken: file, json } = options;
  if (provider !== PROVIDER) throw new CliError(`Unknown provider "${provider}": only google is supported.`);
  const refreshToken = readToken(file);
  const connected = await withRuntime(terminal, { redis: false }, async ({ db, ports, clock }) => {
    const port = requirePort(ports);
    const userId = await requireUserId(db.drizzle, options.userId);
    return inTransaction(db, async (tx) => {
      const id = await connectCalendar(tx, { port, userId, refreshToken, now: clock.now() });
      await auditConnection(tx, "calendar.connect", id);
      return { connectionId: id, userId: options.userId };
    });
  });
  if (json) return printJson(terminal, connected);
  printLine(
    terminal,
    `Connected the calendar of user ${connected.userId} (connection ${connected.connectionId}). Its channel is being opened.`,
  );
}

async function disconnectOne(terminal: Terminal, options: { userId: string; json?: true }): Promise<void> {
  const disconnected = await withDatabase(terminal, async (db) => {
    const userId = await requireUserId(db.drizzle, options.userId);
    return inTransaction(db, async (tx) => {
      const id = await disconnectCalendar(tx, userId, new Date());
      if (id === null) throw new CliError(`User ${options.userId} has no connected calendar.`);
      await auditConnection(tx, "calendar.disconnect", id);
      return { connectionId: id, userId: options.userId };
    });
  });
  if (options.json) return printJson(terminal, disconnected);
  printLine(
    terminal,
    `Disconnected the calendar of user ${disconnected.userId}. Its channel is being closed.`,
  );
}

const auditConnection = (tx: Tx, action: string, connectionId: string): Promise<void> =>
  audit(tx, { actor: operator(), action, subject: `calendar_connections:${connectionId}` });

async function listAll(terminal: Terminal, { limit, json }: { limit: number; json?: true }): Promise<void> {
  const connections = await withDatabase(terminal, async ({ drizzle }) => {
    const found = await listConnections(drizzle, limit);
    const userReference = await referencesTo(
      drizzle,
      "users",
      found.map(({ userId }) => userId),
    );
    return found.map((connection) => ({ ...connection, userId: userReference(connection.userId) }));
  });
  if (json) return printJson(terminal, connections);
  printTable(
    terminal,
    [
      { title: "Connection", align: "right" },
      { title: "User", align: "right" },
      { title: "Provider" },
      { title: "Status" },
      { title: "Reason" },
      { title: "Connected" },
      { title: "Channel expires" },
      { title: "Last synced" },
    ],
    connections.map((connection) => [
      connection.id,
      connection.userId,
      connection.provider,
      connection.status,
      connection.reason,
      formatInstant(connection.connectedAt),
      formatInstant(connection.channelUntil),
      formatInstant(connection.syncedAt),
    ]),
    "No calendars are connected.",
  );
}

function requirePort({ calendar }: Runtime["ports"]): CalendarPort {
  if (calendar === null)
    throw new CliError("Calendars are not configured: set GOOGLE_CLIENT_ID and the variables it requires.");
  return calendar;
}

/** Read from a file, never from the arguments: those show up in process lists and shell histories. */
function readToken(file: string): string {
  const token = readWhole(file).trim();
  if (!/^\S{8,4096}$/.test(token))
    throw new CliError("This is not a refresh token: expected a single word of 8 to 4096 characters.");
  return token;
}

function readWhole(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch {
    throw new CliError(
      "--refresh-token must name a readable file, or - for standard input; it is not the token itself.",
    );
  }
}

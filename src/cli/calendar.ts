import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { PROVIDER } from "../calendar/connections.ts";
import { resealTokens } from "../calendar/reseal.ts";
import { audit } from "../db/audit.ts";
import { inTransaction } from "../db/transaction.ts";
import { connectCalendar, disconnectCalendar, listConnections } from "../intake/calendar-connections.ts";
import type { CalendarPort } from "../ports/calendar.ts";
import type { Runtime } from "../roles/runtime.ts";
import { jsonFlag, mandatoryFlag, requireFlag } from "./flags.ts";
import { wholeNumber } from "./number-option.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { formatInstant } from "./table.ts";
import { operator, Refusal, type Terminal } from "./terminal.ts";
import { knownUserIdOf } from "./users.ts";
import { withDatabase, withRuntime } from "./with-runtime.ts";

type ConnectOptions = { userId: string; provider: string; refreshToken: string; json?: true };

/** `commonwork calendar connect|disconnect|list|reseal`: whose calendars are read. */
export function addCalendar(program: Command, terminal: Terminal): void {
  const calendar = program
    .command("calendar")
    .description("connect calendars of users, disconnect them, look at their connections");

  const connect = calendar
    .command("connect")
    .description("connect a user's calendar by the token that they granted");
  mandatoryFlag(connect, "--user-id <id>", "whose: number or public uuid");
  requireFlag(connect, new Option("--provider <name>", "where the calendar is: google"));
  mandatoryFlag(
    connect,
    "--refresh-token <file>",
    "the file that holds the refresh token; - is standard input",
  );
  jsonFlag(connect).action((options: ConnectOptions) => connectOne(terminal, options));

  const disconnect = calendar
    .command("disconnect")
    .description("disconnect a user's calendar: its channel is closed, then its tokens are forgotten");
  mandatoryFlag(disconnect, "--user-id <id>", "whose: number or public uuid");
  jsonFlag(disconnect).action((options: { userId: string; json?: true }) => disconnectOne(terminal, options));

  const list = calendar.command("list").description("list the connections, oldest first; never their tokens");
  list.option("--limit <number>", "how many", wholeNumber("--limit", 1, 10_000), 50);
  jsonFlag(list).action((options: { limit: number; json?: true }) => listAll(terminal, options));

  const reseal = calendar
    .command("reseal")
    .description(
      "encrypt every token with the first key of TOKEN_ENCRYPTION_KEY, before an old key is taken out",
    );
  jsonFlag(reseal).action(async ({ json }: { json?: true }) => {
    const resealed = await withRuntime(terminal, ({ db, ports }) => resealTokens(db, configured(ports)));
    if (json) printJson(terminal, { resealed });
    else printLine(terminal, `${resealed} connections were sealed anew.`);
  });
}

async function connectOne(
  terminal: Terminal,
  { userId: given, provider, refreshToken: file, json }: ConnectOptions,
) {
  if (provider !== PROVIDER)
    throw new Refusal(`There is no provider "${provider}": calendars can be connected with google alone.`);
  const refreshToken = tokenIn(file);
  const connected = await withRuntime(terminal, async ({ db, ports, clock }) => {
    const port = configured(ports);
    const userId = await knownUserIdOf(db.drizzle, given);
    return inTransaction(db, async (tx) => {
      const id = await connectCalendar(tx, { port, userId, refreshToken, now: clock.now() });
      await audit(tx, {
        actor: operator(),
        action: "calendar.connect",
        subject: `calendar_connections:${id}`,
      });
      return { connectionId: id, userId };
    });
  });
  if (json) printJson(terminal, connected);
  else
    printLine(
      terminal,
      `The calendar of user ${connected.userId} is connection ${connected.connectionId}. Its channel is being opened.`,
    );
}

async function disconnectOne(terminal: Terminal, { userId: given, json }: { userId: string; json?: true }) {
  const disconnected = await withDatabase(terminal, async (db) => {
    const userId = await knownUserIdOf(db.drizzle, given);
    return inTransaction(db, async (tx) => {
      const id = await disconnectCalendar(tx, userId, new Date());
      if (id === null) throw new Refusal(`User ${userId} has no calendar that is connected.`);
      await audit(tx, {
        actor: operator(),
        action: "calendar.disconnect",
        subject: `calendar_connections:${id}`,
      });
      return { connectionId: id, userId };
    });
  });
  if (json) printJson(terminal, disconnected);
  else
    printLine(
      terminal,
      `The calendar of user ${disconnected.userId} is disconnected. Its channel is being closed.`,
    );
}

async function listAll(terminal: Terminal, { limit, json }: { limit: number; json?: true }): Promise<void> {
  const found = await withDatabase(terminal, (db) => listConnections(db.drizzle, limit));
  if (json) return printJson(terminal, found);
  printTable(
    terminal,
    [
      { title: "Connection", align: "right" },
      { title: "User", align: "right" },
      { title: "Provider" },
      { title: "Status" },
      { title: "Reason" },
      { title: "Connected" },
      { title: "Channel until" },
      { title: "Read" },
    ],
    found.map((line) => [
      line.id,
      line.userId,
      line.provider,
      line.status,
      line.reason,
      formatInstant(line.connectedAt),
      formatInstant(line.channelUntil),
      formatInstant(line.syncedAt),
    ]),
    "No calendar is connected.",
  );
}

function configured({ calendar }: Runtime["ports"]): CalendarPort {
  if (calendar === null)
    throw new Refusal("Calendars are not configured: set GOOGLE_CLIENT_ID and what goes with it.");
  return calendar;
}

/** Never from the words of the command: those are seen by everybody on the machine, and kept by shells. */
function tokenIn(file: string): string {
  const token = readWhole(file).trim();
  if (!/^\S{8,4096}$/.test(token))
    throw new Refusal("What was read is not a refresh token: one word is expected.");
  return token;
}

function readWhole(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch {
    throw new Refusal(
      "--refresh-token names a file that can be read, or - for standard input; never the token itself.",
    );
  }
}

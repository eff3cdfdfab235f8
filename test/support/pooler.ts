import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import pg from "pg";
import { onTestFinished } from "vitest";

/** What PgBouncer 1.18 takes in a startup message; it refuses everything else. */
const KNOWN_PARAMETERS = new Set([
  "user",
  "database",
  "client_encoding",
  "application_name",
  "datestyle",
  "timezone",
]);

const [QUERY, SYNC, TERMINATE, READY] = ["Q", "S", "X", "Z"];

/**
 * A pooler as far as clients notice it. Its log counts how often a client began to send after it had got an
 * answer.
 */
export type Pooler = { readonly url: string; readonly flights: number[] };

/**
 * Starts one in front of a database. In session mode each client has a server connection, in transaction mode
 * each transaction.
 */
export async function startPooler(databaseUrl: string, mode: "session" | "transaction"): Promise<Pooler> {
  const flights: number[] = [];
  const clients = new Set<Socket>();
  const servers = mode === "transaction" ? openServers(databaseUrl) : null;
  const listener = createServer((client) => {
    clients.add(client.on("error", () => undefined));
    client.once("data", (startup: Buffer) => {
      const unknown = parametersOf(startup).find((name) => !KNOWN_PARAMETERS.has(name));
      if (unknown !== undefined) return void client.end(fatal(`unsupported startup parameter: ${unknown}`));
      if (servers) shareServers(client, servers);
      else oneServer(client, startup, databaseUrl, flights);
    });
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  onTestFinished(async () => {
    for (const client of clients) client.destroy();
    servers?.close();
    listener.close();
  });
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return { url: url.href, flights };
}

function oneServer(client: Socket, startup: Buffer, databaseUrl: string, flights: number[]): void {
  const { hostname, port } = new URL(databaseUrl);
  const server = connect(Number(port || "5432"), hostname).on("error", () => undefined);
  const index = flights.push(0) - 1;
  let loggedIn = false;
  let answered = false;
  const read = messageReader((type) => {
    loggedIn ||= type === READY;
  });
  client.on("data", () => {
    if (answered && loggedIn) flights[index] = (flights[index] ?? 0) + 1;
    answered = false;
  });
  server.on("data", (data: Buffer) => {
    read(data);
    answered = true;
  });
  server.write(startup);
  client.pipe(server).pipe(client);
  client.on("close", () => server.destroy());
}

type Servers = { take(): Promise<Socket>; give(server: Socket): void; close(): void };

/** The last one that was given back is taken first, as PgBouncer does. */
function openServers(databaseUrl: string): Servers {
  const idle: Socket[] = [];
  const all: Socket[] = [];
  return {
    async take() {
      const free = idle.pop();
      if (free) return free;
      const client = new pg.Client({ connectionString: databaseUrl });
      client.on("error", () => undefined);
      await client.connect();
      const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
      // From here on its bytes are the pooler's.
      stream.removeAllListeners("data");
      all.push(stream);
      return stream;
    },
    give: (server) => void idle.push(server),
    close() {
      for (const server of all) server.destroy();
    },
  };
}

function shareServers(client: Socket, servers: Servers): void {
  client.write(
    Buffer.concat([message("R", int32(0)), message("K", int32(1, 1)), message(READY, Buffer.from("I"))]),
  );
  let server: Promise<Socket> | null = null;
  let unanswered = 0;
  const waiting: Buffer[] = [];
  const assign = async () => {
    const taken = await servers.take();
    const read = messageReader((type, body) => {
      if (type !== READY) return;
      unanswered -= 1;
      if (unanswered > 0 || body.toString() !== "I") return;
      taken.removeListener("data", relay);
      servers.give(taken);
      server = null;
    });
    const relay = (data: Buffer) => {
      client.write(data);
      read(data);
    };
    taken.on("data", relay);
    return taken;
  };
  const read = messageReader((type, body) => {
    if (type === TERMINATE) return void client.end();
    waiting.push(message(type, body));
    if (type !== QUERY && type !== SYNC) return;
    unanswered += 1;
    const data = Buffer.concat(waiting.splice(0));
    server ??= assign();
    void server.then((taken) => taken.write(data));
  });
  client.on("data", read);
}

/** Calls back for every complete message of a stream: type, length, body. */
function messageReader(onMessage: (type: string, body: Buffer) => void): (data: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const end = rest.readInt32BE(1) + 1;
      const [type, body] = [rest.toString("latin1", 0, 1), rest.subarray(5, end)];
      rest = rest.subarray(end);
      onMessage(type, body);
    }
  };
}

/** The names in a startup message: length, protocol version, then pairs that end with a zero byte each. */
const parametersOf = (startup: Buffer): string[] =>
  startup
    .toString("utf8", 8)
    .split("\0")
    .filter((word, i) => i % 2 === 0 && word !== "");

const int32 = (...numbers: number[]): Buffer =>
  Buffer.concat(numbers.map((n) => Buffer.from([n >> 24, n >> 16, n >> 8, n])));

const message = (type: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);

const fatal = (text: string): Buffer => message("E", Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${text}\0\0`));

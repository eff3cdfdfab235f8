import { once } from "node:events";
import { startEmbeddedServers } from "./embedded-servers.ts";

// For scripts: starts the embedded servers, prints their addresses as shell assignments, and runs until a
// signal or the end of its input, which is the end of the process that started it.
const servers = await startEmbeddedServers({ name: "demo", durable: true });
process.stdout.write(`DATABASE_URL=${servers.databaseUrl}\nREDIS_URL=${servers.redisUrl}\n`);
process.stdin.resume();
await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT"), once(process.stdin, "end")]);
await servers.stop();
process.exit(0);

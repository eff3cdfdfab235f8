import { once } from "node:events";
import { startEmbeddedServers } from "./embedded-servers.ts";

// `npm run servers`: starts the embedded servers, prints their addresses as lines of a .env file, and runs
// until a signal or the end of its input, which is the end of the process that started it.
const servers = await startEmbeddedServers({ name: "demo", durable: true });
process.stdout.write(`DATABASE_URL=${servers.databaseUrl}\nREDIS_URL=${servers.redisUrl}\n`);
process.stderr.write("Postgres and Redis are running. Ctrl-C stops them and deletes their data.\n");
process.stdin.resume();
await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT"), once(process.stdin, "end")]);
await servers.stop();
process.exit(0);

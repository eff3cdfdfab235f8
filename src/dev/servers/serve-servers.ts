import { startEmbeddedServers } from "./embedded-servers.ts";

// `npm run servers`: starts the embedded servers, prints their addresses as lines of a .env file, and runs
// until a signal or the end of its input, which is the end of the process that started it.
const servers = await startEmbeddedServers({ name: "demo", durable: true });
process.stdout.write(`DATABASE_URL=${servers.databaseUrl}\nREDIS_URL=${servers.redisUrl}\n`);
process.stderr.write("Postgres and Redis are running. Ctrl-C stops them and deletes their data.\n");
process.stdin.resume();
// The handlers stay installed: npm forwards Ctrl-C to a program that has already received it from the
// terminal.
await new Promise<void>((resolve) => {
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => resolve());
  process.stdin.once("end", resolve);
});
await servers.stop();
process.exit(0);

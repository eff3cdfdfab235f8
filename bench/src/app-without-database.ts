import { systemClock } from "../../src/clock.ts";
import { startHttp } from "../../src/http/server.ts";
import { createLog } from "../../src/log.ts";
import { openRuntime } from "../../src/roles/open-runtime.ts";
import { catalogue } from "../../src/workers/index.ts";
import { benchConfig } from "./database.ts";

// The same Express app without a database: a webhook call gets every check, and its 202 at once.
const config = benchConfig("postgres://nobody@127.0.0.1:1/none", process.env["REDIS_URL"] ?? "", {
  ROLES: "api",
  PORT: "0",
  WEBHOOK_ADDRESS_PER_SECOND: "1000000",
  WEBHOOK_ADDRESS_BURST: "10000000",
  WEBHOOK_SOURCE_PER_SECOND: "1000000",
});
const log = createLog({ level: "info", format: "json" });
const runtime = openRuntime({ config, clock: systemClock, log, catalogue, timetable: [] });
const receipt = { status: "accepted", receipt: "1", saleId: "1" } as const;
const http = await startHttp(runtime, {
  intake: { submit: async () => receipt, close: async () => undefined },
});
log.info({ port: http.port }, "started");
process.on("SIGTERM", () => process.exit(0));

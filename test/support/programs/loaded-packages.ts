import { createRequire } from "node:module";
import { readConfig } from "../../../src/config/config.ts";
import { openReporting } from "../../../src/main.ts";

// Prints which packages of OpenTelemetry a process of the service has loaded once it could start.

const { tracing } = await openReporting(readConfig(process.env));
const files = Object.keys(createRequire(import.meta.url).cache);
const packages = files.flatMap((file) => /node_modules\/(@opentelemetry\/[^/]+)\//.exec(file)?.[1] ?? []);
await tracing.close();
process.stdout.write(JSON.stringify({ isOn: tracing.isOn, packages: [...new Set(packages)].sort() }));
process.exit(0);

import { readdirSync, readFileSync } from "node:fs";
import { type CheckStep, runSteps } from "./run-steps.ts";

// What takes too long for every change: `npm run check:long`. Add a step to the list.

/** Tests that have a longer form, with LONG_TESTS=1. */
const withLongForm = readdirSync("test", { recursive: true, encoding: "utf8" })
  .map((name) => `test/${name}`)
  .filter((name) => name.endsWith(".test.ts") && readFileSync(name, "utf8").includes("/support/sizes.ts"));

const STEPS: readonly CheckStep[] = [
  {
    name: "the suite in another schema, beside a host with tables and functions of the same names",
    command: ["npx", "vitest", "run"],
    environment: { DB_SCHEMA: "cw_other", TEST_HOST_DECOYS: "1" },
  },
  {
    name: "faults and properties at full size",
    command: ["npx", "vitest", "run", ...withLongForm],
    environment: { LONG_TESTS: "1" },
  },
];

process.exitCode = await runSteps(STEPS, (text) => process.stdout.write(text));

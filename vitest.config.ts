import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { skipReporter } from "./test/support/skip-reporter.ts";
import { SlowFirst } from "./test/support/slow-first.ts";

// The configuration tools ask for a default export; nothing else in the project has one.
export default defineConfig({
  // As hosts import it, and the examples with them.
  resolve: { alias: { "commonwork/client": fileURLToPath(new URL("src/client/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/servers.ts"],
    setupFiles: ["test/support/each.ts"],
    // Tests share two real servers; every test has a database and a key prefix of its own.
    maxWorkers: 4,
    sequence: { sequencer: SlowFirst },
    // Loading the modules of the service again for each file took a third of the suite's time. What src keeps
    // in its modules are caches and the times of warnings, and what a test replaces is put back before the
    // next one.
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    // Limits are for hangs, not for speed: the suite also passes on a machine that is four times slower.
    testTimeout: process.env["LONG_TESTS"] === "1" ? 3_600_000 : 300_000,
    hookTimeout: 300_000,
    reporters: process.env["CI"]
      ? ["default", "json", skipReporter("coverage/test-skips.json")]
      : ["default"],
    outputFile: { json: "coverage/test-report.json" },
  },
});

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Reporter, TestModule } from "vitest/node";

/** A test that was skipped, and why. */
export type Skip = { readonly file: string; readonly name: string; readonly reason: string };

/** The skipped tests of a run. A test skips itself with `skip(reason)`. */
export const skipsOf = (modules: Iterable<TestModule>): Skip[] =>
  [...modules].flatMap((module) =>
    [...module.children.allTests("skipped")].map((test) => {
      const result = test.result();
      const reason = (result.state === "skipped" && result.note) || "no reason given";
      return { file: module.relativeModuleId, name: test.fullName, reason };
    }),
  );

/** Writes the skipped tests with their reasons, which vitest's JSON report leaves out. */
export const skipReporter = (path: string): Reporter => ({
  onTestRunEnd(modules) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(skipsOf(modules)));
  },
});

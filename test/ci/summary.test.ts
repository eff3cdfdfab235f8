import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { TestModule } from "vitest/node";
import { skipsOf } from "../support/skip-reporter.ts";

const report = (failed: number) => ({
  numPassedTests: 12,
  numFailedTests: failed,
  numPendingTests: 2,
  testResults: [],
});

/** Runs the summary. @returns its output and exit code. */
async function summarize(files: { report: object; skips?: object; required?: string }) {
  const folder = await mkdtemp(join(tmpdir(), "summary-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const paths = [join(folder, "report.json"), join(folder, "skips.json")];
  await writeFile(paths[0] as string, JSON.stringify(files.report));
  if (files.skips) await writeFile(paths[1] as string, JSON.stringify(files.skips));
  return new Promise<{ lines: string[]; code: number }>((resolve) => {
    execFile(process.execPath, [".ci/summary.mjs", ...paths, files.required ?? ""], (error, stdout) =>
      resolve({ lines: stdout.trimEnd().split("\n"), code: error ? Number(error.code) : 0 }),
    );
  });
}

it("prints skipped tests with their reasons, their number, and the counts in the last line", async () => {
  const skips = [{ file: "test/a.test.ts", name: "full disk", reason: "no tmpfs may be mounted" }];
  expect(await summarize({ report: report(0), skips })).toEqual({
    lines: [
      "skipped: test/a.test.ts: full disk: no tmpfs may be mounted",
      "2 skipped",
      "12 passed, 0 failed",
    ],
    code: 0,
  });
});

it("fails for failed tests, and for files that could not be loaded", async () => {
  expect(await summarize({ report: report(3) })).toMatchObject({ code: 1 });
  const testResults = [{ status: "failed", assertionResults: [] }];
  expect(await summarize({ report: { ...report(0), testResults } })).toEqual({
    lines: ["2 skipped", "12 passed, 1 failed"],
    code: 1,
  });
});

it("counts the tests for want of each program, and fails where it could have been installed", async () => {
  const skips = [
    { file: "test/a.test.ts", name: "one", reason: "chromium is not installed" },
    { file: "test/a.test.ts", name: "two", reason: "chromium is not installed" },
    {
      file: "test/b.test.ts",
      name: "a year",
      reason: "libfaketime is not installed (Debian: apt-get install faketime)",
    },
  ];
  const [chromium, faketime] = [
    "NOT TESTED for want of chromium: 2 tests",
    "NOT TESTED for want of faketime: 1 tests",
  ];
  const { lines, code } = await summarize({ report: report(0), skips });
  expect({ lines: lines.slice(3), code }).toEqual({
    lines: [chromium, faketime, "2 skipped", "12 passed, 0 failed"],
    code: 0,
  });
  const strict = await summarize({ report: report(0), skips, required: "chromium,zsh" });
  expect({ lines: strict.lines.slice(3), code: strict.code }).toEqual({
    lines: [`${chromium}, which fails this run`, faketime, "2 skipped", "12 passed, 0 failed"],
    code: 1,
  });
  expect(await summarize({ report: report(0), skips, required: "zsh" })).toMatchObject({ code: 0 });
});

it("a skipped test is reported with its reason", () => {
  const skipped = (fullName: string, note?: string) => ({
    fullName,
    result: () => ({ state: "skipped", note }),
  });
  const module = {
    relativeModuleId: "test/a.test.ts",
    children: { allTests: () => [skipped("one", "no pgbouncer"), skipped("two")] },
  } as unknown as TestModule;
  expect(skipsOf([module])).toEqual([
    { file: "test/a.test.ts", name: "one", reason: "no pgbouncer" },
    { file: "test/a.test.ts", name: "two", reason: "no reason given" },
  ]);
});

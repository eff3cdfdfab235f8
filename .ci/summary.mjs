// Prints what the tests skipped, with the reasons, a line for each program that was missing, and as the last line
// "N passed, N failed". Exits with 1 if a test failed, or was skipped for want of a program that is required.
// usage: node summary.mjs coverage/test-report.json coverage/test-skips.json [chromium,zsh,...]
import { existsSync, readFileSync } from "node:fs";

const [reportPath, skipsPath, required = ""] = process.argv.slice(2);
const report = JSON.parse(readFileSync(reportPath, "utf8"));
const skips = existsSync(skipsPath) ? JSON.parse(readFileSync(skipsPath, "utf8")) : [];
const lines = skips.map(({ file, name, reason }) => `skipped: ${file}: ${name}: ${reason}`);

/** The number of tests that were skipped for want of each program. */
const missing = new Map();
for (const { reason } of skips) {
  const program = /^(?:lib)?(\S+) is not installed/.exec(reason)?.[1];
  if (program !== undefined) missing.set(program, (missing.get(program) ?? 0) + 1);
}
const isRequired = (program) => required.split(",").includes(program);
for (const [program, tests] of missing)
  lines.push(
    `NOT TESTED for want of ${program}: ${tests} tests${isRequired(program) ? ", which fails this run" : ""}`,
  );

// A file that could not be loaded has no tests to count, but is a failure.
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
);
const failed = report.numFailedTests + unloaded.length;
lines.push(`${report.numPendingTests} skipped`, `${report.numPassedTests} passed, ${failed} failed`);
process.stdout.write(`${lines.join("\n")}\n`);
process.exitCode = failed > 0 || [...missing.keys()].some(isRequired) ? 1 : 0;

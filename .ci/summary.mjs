// Prints what the tests skipped, with the reasons, and as the last line "N passed, N failed". Exits with 1 if a test failed.
// usage: node summary.mjs coverage/test-report.json coverage/test-skips.json
import { existsSync, readFileSync } from "node:fs";

const [reportPath, skipsPath] = process.argv.slice(2);
const report = JSON.parse(readFileSync(reportPath, "utf8"));
const skips = existsSync(skipsPath) ? JSON.parse(readFileSync(skipsPath, "utf8")) : [];
const lines = skips.map(({ file, name, reason }) => `skipped: ${file}: ${name}: ${reason}`);
// A file that could not be loaded has no tests to count, but is a failure.
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
);
const failed = report.numFailedTests + unloaded.length;
lines.push(`${report.numPendingTests} skipped`, `${report.numPassedTests} passed, ${failed} failed`);
process.stdout.write(`${lines.join("\n")}\n`);
process.exitCode = failed > 0 ? 1 : 0;

import { expect, it } from "vitest";
import { runSteps } from "../../../src/dev/checks/run-steps.ts";

const exits = (code: string, environment = {}) =>
  ({
    name: `exit ${code}`,
    command: [process.execPath, "-e", `process.exit(${code})`],
    environment,
  }) as const;

const summaryOf = (written: string): string[] =>
  written
    .split("=== Summary\n")[1]!
    .trim()
    .split("\n")
    .map((line) => line.replace(/ +[\d.]+ min +/, " "));

it("runs every step even if one fails, and ends with a summary and exit code 1", async () => {
  let written = "";
  const steps = [
    exits("0"),
    exits("3"),
    { name: "no program", command: ["/nothing/here"] as const },
    exits("process.env.WANTED", { WANTED: "0" }),
  ];
  const code = await runSteps(steps, (text) => {
    written += text;
  });
  expect(code).toBe(1);
  expect(summaryOf(written)).toEqual([
    "passed exit 0",
    "FAILED exit 3 (exit code 3)",
    "FAILED no program (spawn /nothing/here ENOENT)",
    "passed exit process.env.WANTED",
  ]);
});

it("ends with exit code 0 when every step passes", async () => {
  expect(await runSteps([exits("0"), exits("0")], () => undefined)).toBe(0);
});

import { expect, it } from "vitest";
import { chooseSteps, runSteps } from "../../../src/dev/checks/run-steps.ts";

const exits = (code: string, environment = {}) =>
  ({
    id: "step",
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
    { id: "step", name: "no program", command: ["/nothing/here"] as const },
    exits("process.env.WANTED", { WANTED: "0" }),
  ];
  const code = await runSteps(steps, (text) => {
    written += text;
  });
  expect(code).toBe(1);
  expect(summaryOf(written)).toEqual([
    "passed step: exit 0",
    "FAILED step: exit 3 (exit code 3)",
    "FAILED step: no program (spawn /nothing/here ENOENT)",
    "passed step: exit process.env.WANTED",
  ]);
});

it("ends with exit code 0 when every step passes", async () => {
  expect(await runSteps([exits("0"), exits("0")], () => undefined)).toBe(0);
});

it("does not run a step whose preparation fails", async () => {
  let written = "";
  const unprepared = { ...exits("0"), prepare: [process.execPath, "-e", "process.exit(4)"] as const };
  const code = await runSteps([unprepared], (text) => {
    written += text;
  });
  expect([code, summaryOf(written)]).toEqual([1, ["FAILED step: exit 0 (exit code 4)"]]);
});

it("runs the named steps alone, and lists them when one is unknown", () => {
  const [first, second] = [
    { ...exits("0"), id: "first" },
    { ...exits("1"), id: "second" },
  ];
  expect(chooseSteps([first, second], [])).toEqual([first, second]);
  expect(chooseSteps([first, second], ["second"])).toEqual([second]);
  expect(() => chooseSteps([first, second], ["third"])).toThrow(/no step third.*first.*exit 0.*second/s);
});

it("a step whose program is not installed is skipped, with the way to install it", async () => {
  const written: string[] = [];
  const needs = { programs: ["sh", "no-such-program-here"], install: "apt-get install it" };
  const code = await runSteps(
    [
      { ...exits("1"), needs },
      { ...exits("0"), needs: { ...needs, programs: ["sh"] } },
    ],
    (text) => {
      written.push(text);
    },
  );
  expect(code).toBe(0);
  expect(written.join("")).toMatch(
    /^skipped .*\(no-such-program-here is not installed: apt-get install it\)$/m,
  );
  expect(written.join("")).toMatch(/^passed /m);
});

import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { cli } from "../support/cli.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** Prints, one a line, what the shell offers at the end of the line that is typed. */
const ASK: Readonly<Record<Shell, (script: string, typed: string) => string>> = {
  bash: (script, typed) => `
    source ${script}
    COMP_LINE=${JSON.stringify(typed)} COMP_POINT=${typed.length}
    _commonwork
    printf '%s\\n' "\${COMPREPLY[@]}"`,
  // The function is called with stand-ins for what the completion system gives it.
  zsh: (script, typed) => `
    compdef() { }
    _describe() { local -a all=("\${(@P)2}"); for one in "\${all[@]}"; do print -r -- "\${\${one//\\\\:/@colon@}%%:*}"; done }
    source ${script}
    typed=${JSON.stringify(typed)}; words=(\${(z)typed}); [[ "$typed" == *' ' ]] && words+=('')
    CURRENT=\${#words}
    _commonwork`,
  fish: (script, typed) => `source ${script}; complete -C ${JSON.stringify(typed)}`,
};

const isInstalled = (shell: Shell): boolean => spawnSync(shell, ["-c", "true"]).status === 0;

describe.each(SHELLS)("commonwork completion %s", (shell) => {
  let folder = "";
  let file = "";
  beforeAll(async () => {
    const { code, out } = await cli({}, "completion", shell);
    expect(code).toBe(0);
    folder = await mkdtemp(join(tmpdir(), "completion-"));
    file = join(folder, `commonwork.${shell}`);
    await writeFile(file, out);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const offered = (typed: string): string[] => {
    const { stdout, stderr } = spawnSync(shell, ["-c", ASK[shell](file, typed)], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    return (
      stdout
        .split("\n")
        // fish adds the meaning after a tab.
        .map((one) => one.replace(/\t.*/, "").replaceAll("@colon@", ":"))
        .filter(Boolean)
    );
  };
  const isAvailable = isInstalled(shell);
  const test = (name: string, check: () => void) =>
    it(name, ({ skip }) => (isAvailable ? check() : skip(`${shell} is not installed`)));

  test("offers every command", () => {
    expect(offered("commonwork ")).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)));
  });

  test("offers the commands below a command, and its options", () => {
    expect(offered("commonwork dead ")).toEqual(expect.arrayContaining(["list", "retry", "discard"]));
    expect(offered("commonwork schedules pause --")).toEqual(expect.arrayContaining(["--reason", "--help"]));
    expect(offered("commonwork schedules pause --")).not.toContain("--status");
  });

  test("offers the jobs and the options of each", () => {
    expect(offered("commonwork run ")).toEqual(expect.arrayContaining(["verify-ledger", "affinity"]));
    expect(offered("commonwork run verify-ledger --")).toEqual(
      expect.arrayContaining(["--dry-run", "--inline"]),
    );
  });

  test("offers the choices of an argument and of an option", () => {
    expect(offered("commonwork completion ")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
    expect(offered("commonwork events list --outcome ")).toEqual(
      expect.arrayContaining(["decided", "ignored", "rejected"]),
    );
  });

  test("ignores values of options on the way", () => {
    expect(offered("commonwork schedules pause --reason list ")).not.toContain("resume");
  });
});

it("completes words with a colon in bash, which splits words there: what comes before it is left out", async () => {
  const { out } = await cli({}, "completion", "bash");
  const words = (breaks: string) => `
    ${out}
    COMP_WORDBREAKS=${JSON.stringify(breaks)} COMP_LINE='commonwork ledger:v' COMP_POINT=19
    _commonwork
    printf '%s' "\${COMPREPLY[*]}"`;
  expect(spawnSync("bash", ["-c", words(" :=")], { encoding: "utf8" }).stdout).toBe("verify");
  expect(spawnSync("bash", ["-c", words(" =")], { encoding: "utf8" }).stdout).toBe("ledger:verify");
});

it("refuses a shell that it does not know, with those it knows", async () => {
  expect(await cli({}, "completion", "tcsh")).toMatchObject({
    code: 1,
    err: expect.stringContaining("Allowed choices are bash, zsh, fish."),
  });
});

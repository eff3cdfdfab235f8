import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Bench, compare, type Figure } from "./bench.ts";

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RUNS = 9;

/** What people wait for most often: each command that is typed begins with as much. */
const COMMANDS = ["--version", "--help", "start --help", "dead --help"];

/** Processor time of the built command line, by command, against a Node that does nothing. */
export const cli: Bench = {
  name: "cli",
  servers: false,
  describe: () => `${COMMANDS.map((command) => `commonwork ${command}`).join(", ")}, from the build`,
  run: async (context) => {
    await run("npm", ["run", "build"], { cwd: ROOT });
    await context.loaded();
    const timed = async (argsOf: (command: string) => readonly string[]): Promise<Figure[]> => {
      const figures: Figure[] = [];
      for (const command of COMMANDS)
        figures.push({
          figure: command,
          unit: "ms of processor time",
          value: await processorTime(argsOf(command)),
        });
      return figures;
    };
    await compare(
      { ...context, runs: context.runs ?? RUNS },
      {
        baseline: () => timed(() => ["-e", "0"]),
        ours: () => timed((command) => ["dist/cli.js", ...command.split(" ")]),
      },
    );
  },
};

/**
 * The processor time of a Node process, user and system, in ms: bash has it of its children, Node has not.
 * @throws Error if it fails.
 */
async function processorTime(args: readonly string[]): Promise<number> {
  const script = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null';
  const { stderr } = await run("bash", ["-c", script, "bash", process.execPath, ...args], { cwd: ROOT });
  const seconds = stderr.trim().split(" ").map(Number);
  if (seconds.length !== 2 || seconds.some(Number.isNaN)) throw new Error(`bash printed no times: ${stderr}`);
  return seconds.reduce((sum, each) => sum + each * 1_000, 0);
}

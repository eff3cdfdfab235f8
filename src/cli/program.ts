import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { normalizeArgv } from "./argv.ts";
import { COMMANDS } from "./commands.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Runs `commonwork`: parses the arguments, runs the command, returns the exit code. Every error ends as one
 * message on standard error and exit code 1.
 */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(rewritten(normalizeArgv(argv)), { from: "user" });
    return terminal.exitCode;
  } catch (error) {
    return exitCodeFor(error, terminal);
  }
}

/** All commands by name and description; a command's options and action are loaded when it is dispatched. */
function createProgram(terminal: Terminal): Command {
  const program = new Command("commonwork");
  // Set before the commands are added, which inherit it: only the caller may end the process.
  program
    .exitOverride()
    .configureOutput({ writeOut: terminal.write, writeErr: terminal.writeError })
    .showHelpAfterError("(see --help)")
    .description("The background work of a community platform.")
    .version(VERSION, "--version", "print the version")
    .hook("preSubcommand", (_program, command) => loadCommand(command, terminal));
  for (const { name, description } of COMMANDS) program.command(name).description(description);
  return program;
}

/** Loads every command, for callers that list their options; runs none. */
export async function fullProgram(): Promise<Command> {
  const terminal: Terminal = {
    environment: {},
    write: () => undefined,
    writeError: () => undefined,
    interactive: false,
    interrupted: () => new AbortController().signal,
    exitCode: 0,
  };
  const program = createProgram(terminal);
  for (const command of program.commands) await loadCommand(command, terminal);
  return program;
}

async function loadCommand(command: Command, terminal: Terminal): Promise<void> {
  const entry = COMMANDS.find(({ name }) => name === command.name());
  if (entry === undefined) throw new Error(`Command ${command.name()} has no entry.`);
  const define = await entry.load();
  define(command, terminal, fullProgram);
}

/**
 * `help dead` becomes `dead --help`: commander's own help command would not load the command it describes.
 * `run` alone becomes `jobs`, which lists what can be run.
 */
function rewritten(argv: readonly string[]): readonly string[] {
  if (argv[0] === "help") return [...argv.slice(1), "--help"];
  return argv.length === 1 && argv[0] === "run" ? ["jobs"] : argv;
}

async function exitCodeFor(error: unknown, terminal: Terminal): Promise<number> {
  // Commander has printed the message already.
  if (error instanceof CommanderError) return error.exitCode;
  const { errorMessage } = await import("./error-message.ts");
  const message = errorMessage(error);
  if (message !== null) {
    terminal.writeError(`${message}\n`);
    return 1;
  }
  const { createLog } = await import("../log.ts");
  // The log knows which error messages may contain values, and leaves those out.
  const log = createLog({ level: "fatal", format: "text", destination: { write: terminal.writeError } });
  log.fatal({ err: error }, "unexpected error");
  return 1;
}

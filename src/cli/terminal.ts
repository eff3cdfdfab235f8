import { userInfo } from "node:os";

/** Where a command reads its surroundings from and writes to: the real one, or one that a test looks at afterwards. */
export type Terminal = {
  readonly environment: NodeJS.ProcessEnv;
  /** Answers: for a person, or with --json for a program. */
  write(text: string): void;
  /** What is said beside the answer: faults, remarks. */
  complain(text: string): void;
  /** True when a person watches: bars may move and questions may be asked. */
  readonly interactive: boolean;
  /** Aborts when the user asks to stop. Listening begins with the first call. */
  interruption(): AbortSignal;
  /** How the program ends: 0 well, 1 not. */
  exitCode: number;
};

/** Something a person did that cannot be done: said in one message, without a stack. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** The terminal, or the pipes, that this program was started with. */
export function ownTerminal(environment: NodeJS.ProcessEnv): Terminal {
  let interruption: AbortSignal | undefined;
  // `commonwork jobs | head -1` closes the pipe early; that is no fault.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    environment,
    write: (text) => void process.stdout.write(text),
    complain: (text) => void process.stderr.write(text),
    interactive: process.stdout.isTTY === true,
    interruption() {
      interruption ??= abortAtSignal();
      return interruption;
    },
    exitCode: 0,
  };
}

/** The first signal aborts; a second one ends the program at once. */
function abortAtSignal(): AbortSignal {
  const controller = new AbortController();
  const hear = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", hear);
  process.on("SIGTERM", hear);
  return controller.signal;
}

/** Who stands in the audit log for what was done here: `cli:` and the user of the operating system. */
export function operator(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    // A container may run as a number that has no name.
    return `cli:uid-${process.getuid?.() ?? "unknown"}`;
  }
}

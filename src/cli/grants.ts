import type { Command } from "commander";
import { readDatabaseConfig } from "../config/config.ts";
import { hostGrantsSql } from "../db/migrate/host-grants.ts";
import { mandatoryFlag } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

type Options = { readonly to?: readonly string[] };

/** `commonwork grants --print`: needs no server. */
export function defineGrants(command: Command, terminal: Terminal): void {
  mandatoryFlag(command, "--print", "print the SQL; nothing is run")
    .option("--to <role...>", "the roles that the host connects with")
    .action(({ to = [] }: Options) => {
      terminal.write(hostGrantsSql(readDatabaseConfig(terminal.environment), to));
    });
}

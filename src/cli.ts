#!/usr/bin/env node
import { runCli } from "./cli/program.ts";
import { ownTerminal } from "./cli/terminal.ts";

process.exit(await runCli(process.argv.slice(2), ownTerminal(process.env)));

import { COMMANDS } from "../../../src/cli/commands.ts";

// Loads every command but those that are named, as `commonwork <command> --help` does.
const left = process.argv.slice(2);
for (const { name, load } of COMMANDS) if (!left.includes(name)) await load();

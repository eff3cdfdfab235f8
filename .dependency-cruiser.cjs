/** Who may import whom (docs/decisions/0001). Each rule says what it protects. */
const within = (folder) => `^src/${folder}/`;
module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "A circle has no first file to read.",
      severity: "error",
      from: {},
      to: { circular: true, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "scoring-is-pure",
      comment: "Scoring is plain functions of plain data: it imports nothing but scoring.",
      severity: "error",
      from: { path: within("scoring") },
      to: { pathNot: within("scoring") },
    },
    {
      name: "email-is-pure",
      comment:
        "Letters are made of plain data: what they look like is decided without a database, a clock or the configuration.",
      severity: "error",
      from: { path: within("email/render") },
      to: {
        pathNot: [
          within("email/render"),
          within("scoring"),
          "^src/html.ts$",
          "^src/shorten.ts$",
          "node_modules/luxon/",
          "^crypto$",
        ],
      },
    },
    {
      name: "workers-know-no-transport",
      comment: "A job is given its transaction and its ports; it opens no connection of its own.",
      severity: "error",
      from: { path: within("workers") },
      to: { path: "node_modules/(bullmq|ioredis|express|pg)/" },
    },
    {
      name: "only-edges-import-intake",
      comment:
        "Intake imports jobs in order to enqueue them; a job that imported intake would close a cycle.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(intake|http|cli|dev)/" },
      to: { path: within("intake") },
    },
    {
      name: "dev-stays-in-dev",
      comment: "Embedded servers and demo data never reach production code.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/dev/", "^src/cli/dev\\.ts$"] },
      to: { path: within("dev") },
    },
    {
      name: "no-dev-dependencies-in-production",
      comment: "The production install leaves devDependencies out.",
      severity: "error",
      // The second one is how a thread is started from TypeScript: what is built starts thread-entry.js instead.
      from: { path: "^src/", pathNot: ["^src/dev/", "^src/threads/thread-entry-from-source\\.mjs$"] },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-orphans",
      comment: "A file that nobody imports and that starts nothing is dead.",
      severity: "error",
      from: { orphan: true, pathNot: ["^src/(cli|main)\\.ts$", "\\.d\\.ts$"] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node"] },
  },
};

/**
 * The import rules of src, checked by `npm run check:imports` and explained in docs/decisions/0001. Each comment says
 * what a rule protects. The layers are declared once, in src/dev/docs/folders.json. That folders form no cycle, a
 * folder and its own subfolders included, cannot be said in these rules: src/dev/checks/folder-cycles.ts finds it.
 */
const { groups } = require("./src/dev/docs/folders.json");

/** Packages that compute without I/O, clock or randomness: lists of words. */
const PURE_PACKAGES = ["stopword"];

const within = (folder) => `^src/${folder}/`;
const anyOf = (folders) => within(`(${folders.join("|")})`);

const LAYERS = groups.flatMap(({ layers }) => layers.map((layer) => Object.keys(layer)));

/** One rule for each layer: no import from a layer above it, nor from another folder of its own. */
const layerRules = LAYERS.flatMap((folders, index) => {
  const above = LAYERS.slice(0, index).flat();
  const name = `layer-${folders.join("-")}`;
  const comment = "A folder imports only from lower layers, so that each can be read after those below it.";
  const beside = { from: { path: anyOf(folders) }, to: { path: anyOf(folders), pathNot: within("$1") } };
  // The command `demo` is the one import that points up; the rule dev-stays-in-dev keeps it to one file.
  const upward = {
    from: { path: anyOf(folders), pathNot: "^src/cli/dev\\.ts$" },
    to: { path: anyOf(above) },
  };
  return [
    ...(folders.length > 1 ? [{ name: `${name}-beside`, comment, severity: "error", ...beside }] : []),
    ...(above.length > 0 ? [{ name, comment, severity: "error", ...upward }] : []),
  ];
});

/** What reads foreign files, on a thread. */
const PARSERS = within("media/parse");
const PARSER_PACKAGES =
  "node_modules/(mediabunny|sharp|file-type|thumbhash|mpg123-decoder|opus-decoder|@wasm-audio-decoders/[^/]+)/";

module.exports = {
  forbidden: [
    // Order: who comes before whom.
    {
      name: "no-cycles",
      comment: "A cycle of files has no first file to read. Type-only imports count: they are read as well.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...layerRules,
    {
      name: "small-files-are-leaves",
      comment: "What lies directly in src is used by every folder, so it imports none.",
      severity: "error",
      from: { path: "^src/[^/]+\\.ts$", pathNot: "^src/(main|cli)\\.ts$" },
      to: { path: "^src/[^/]+/" },
    },

    // Purity: what decides without looking anything up.
    {
      name: "scoring-is-pure",
      comment:
        "Scoring is plain functions of plain data, tested on random inputs: it imports nothing but scoring and pure packages.",
      severity: "error",
      from: { path: within("scoring") },
      to: { pathNot: [within("scoring"), `node_modules/(${PURE_PACKAGES.join("|")})/`] },
    },
    {
      name: "task-files-are-pure",
      comment:
        "A task runs on a thread, which has no database, no configuration and no log. Those of media parse files.",
      severity: "error",
      from: { path: ["\\.task\\.ts$", PARSERS] },
      to: { pathNot: [within("scoring"), PARSERS, PARSER_PACKAGES] },
    },
    {
      name: "parsers-run-on-threads",
      comment: "A parser may take for ever, or all memory: only a thread with limits survives that.",
      severity: "error",
      from: { path: "^src/", pathNot: [PARSERS, "^src/media/[^/]+\\.task\\.ts$"] },
      to: { path: [PARSERS, PARSER_PACKAGES] },
    },
    {
      name: "email-render-is-pure",
      comment: "What an e-mail looks like is decided without a database, a clock or the configuration.",
      severity: "error",
      from: { path: within("email/render") },
      to: {
        pathNot: [
          within("email/render"),
          within("scoring"),
          within("languages"),
          "^src/(group-by|html|shorten)\\.ts$",
          "^src/notifications/email-wording\\.ts$",
          "node_modules/luxon/",
          "^crypto$",
        ],
      },
    },

    // Boundaries: what stays where it is.
    {
      name: "workers-know-no-transport",
      comment: "A job is given its transaction and its ports; it opens no connection of its own.",
      severity: "error",
      from: { path: within("workers") },
      to: { path: "node_modules/(bullmq|ioredis|express|pg)/" },
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
      // The second file starts a thread from TypeScript; a build starts thread-entry.js instead.
      from: { path: "^src/", pathNot: ["^src/dev/", "^src/threads/thread-entry-from-source\\.mjs$"] },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-orphans",
      comment: "A file that nothing imports and that starts nothing is dead.",
      severity: "error",
      from: {
        orphan: true,
        pathNot: ["^src/(cli|main)\\.ts$", "^src/http/admin/frame/assets/", "\\.d\\.ts$", "\\.json$"],
      },
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

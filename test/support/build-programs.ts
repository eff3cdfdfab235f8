import { readFile, rm, writeFile } from "node:fs/promises";
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
 * Builds the programs that tests start. From source each start would take 3.5 seconds of processor time, most
 * of it for translating and loading hundreds of modules; built, it takes one.
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
    packages: "external",
    metafile: true,
    plugins: [keepUrls],
    logLevel: "error",
  });
  await writeFile(`${folder}/${METAFILE}`, JSON.stringify(metafile));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Modules find files beside them by their URL, which stays that of their source. */
const keepUrls: Plugin = {
  name: "keep-urls",
  setup({ onLoad }) {
    onLoad({ filter: /\/(src|test)\/.*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replaceAll(
        "import.meta.url",
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: "ts",
    }));
  },
};

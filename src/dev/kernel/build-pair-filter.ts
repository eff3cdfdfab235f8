import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Compiles the filter of pair scores (decision 0161). `--check` compares the result with the file. The
// compiler is found by its path, so that nothing else has to install it.

const SCORING = new URL("../../scoring/people/", import.meta.url);
const SOURCE = new URL("pair-filter.as", SCORING);
const FILE = fileURLToPath(new URL("pair-filter.generated.ts", SCORING));
const COMPILER = new URL("../../../node_modules/assemblyscript/dist/asc.js", import.meta.url);

/** The part of the compiler's interface that is used here. */
type Compiler = {
  main(
    args: readonly string[],
    io: {
      readFile(name: string): string | null;
      writeFile(name: string, contents: string | Uint8Array): void;
      listFiles(): readonly string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
};

const OPTIONS = [
  ..."-O3 --converge --noAssert --runtime stub".split(" "),
  ..."--enable simd --enable threads --importMemory --noExportMemory".split(" "),
  // The limits of the declaration: a memory of any size up to 4 GB fits.
  ..."--sharedMemory --initialMemory 1 --maximumMemory 65536".split(" "),
  // Messages are not used, so the import of `abort` is not needed.
  ..."--use abort=".split(" "),
];

async function compile(): Promise<Uint8Array> {
  const { main } = (await import(COMPILER.href)) as Compiler;
  let compiled: Uint8Array | undefined;
  const { error, stderr } = await main(["filter.ts", "--outFile", "filter.wasm", ...OPTIONS], {
    readFile: (name) => (name === "filter.ts" ? readFileSync(SOURCE, "utf8") : null),
    writeFile: (_, contents) => {
      if (typeof contents !== "string") compiled = contents;
    },
    listFiles: () => [],
  });
  if (error || !compiled) throw new Error(stderr.toString(), { cause: error });
  return compiled;
}

const LINE = 100;

function moduleText(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
  return `// Compiled from pair-filter.as by \`npm run kernel:build\`.

/** A WebAssembly module in base64. */
export const PAIR_FILTER = [
${lines.map((line) => `  "${line}",`).join("\n")}
].join("");
`;
}

const built = moduleText(await compile());
if (!process.argv.includes("--check")) writeFileSync(FILE, built);
else if (readFileSync(FILE, "utf8") !== built) {
  process.stderr.write("pair-filter.generated.ts differs from its source: run npm run kernel:build.\n");
  process.exitCode = 1;
}

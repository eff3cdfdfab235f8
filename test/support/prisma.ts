import { PrismaPg } from "@prisma/adapter-pg";
import { getPrismaClient } from "@prisma/client/runtime/client";

/** The transaction that Prisma passes to its callback, as far as raw statements need it. */
type RawTransaction = { $queryRawUnsafe(text: string, ...params: unknown[]): Promise<unknown> };

type RawClient = {
  $transaction<T>(work: (tx: RawTransaction) => Promise<T>): Promise<T>;
  $disconnect(): Promise<void>;
};

/** Node has it, but neither the language nor @types/node declares it. */
const { Module: WasmModule } = (
  globalThis as unknown as { WebAssembly: { Module: new (bytes: Uint8Array) => object } }
).WebAssembly;

/** A module of the runtime; those of the compiler have no types. */
const runtimeModule = (name: string) => import(`@prisma/client/runtime/${name}.mjs`);

/**
 * A client of Prisma, as `prisma generate` writes it for a schema without models and
 * `engineType = "client"`: the queries are compiled in WebAssembly and run by a driver in JavaScript, so
 * there is no engine to download.
 */
export function prismaClient(url: string): RawClient {
  const PrismaClient = getPrismaClient({
    previewFeatures: [],
    clientVersion: "7.10.0",
    engineVersion: "none",
    activeProvider: "postgresql",
    inlineSchema: `datasource db { provider = "postgresql" }`,
    runtimeDataModel: { models: {}, enums: {}, types: {} },
    // No nodes: three counts of zero.
    parameterizationSchema: { strings: [], graph: "AAAA" },
    compilerWasm: {
      getRuntime: () => runtimeModule("query_compiler_fast_bg.postgresql"),
      getQueryCompilerWasmModule: async () => {
        const { wasm } = await runtimeModule("query_compiler_fast_bg.postgresql.wasm-base64");
        return new WasmModule(Buffer.from(wasm, "base64"));
      },
      importName: "./query_compiler_fast_bg.js",
    },
  });
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) }) as unknown as RawClient;
}

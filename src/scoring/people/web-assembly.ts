import { PAIR_FILTER } from "./pair-filter.generated.ts";

/** A WebAssembly memory; threads that are given it share it. */
export type WasmMemory = { readonly buffer: SharedArrayBuffer };

/** The functions of pair-filter.as; `params` is where the parameters of a viewer are. */
export type Filter = {
  begin(params: number): void;
  /** Begins with a sample of each chunk, from which `guess` takes the floors to begin with. */
  beginSample(params: number): void;
  sample(params: number, chunk: number): void;
  guess(params: number): void;
  /** @returns 0 if more candidates tie than the buffer of hits holds. */
  scan(params: number, chunk: number): number;
  /** @returns the number of hits; -1 when a floor that was guessed is too high. */
  end(params: number): number;
};

// Node has it, but neither the language nor @types/node declares it.
type Api = {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: { env: { memory: WasmMemory } }) => { exports: Filter };
  validate(bytes: Uint8Array): boolean;
};
const api = (): Api => (globalThis as unknown as { WebAssembly: Api }).WebAssembly;

const bytes = (): Uint8Array => Uint8Array.from(atob(PAIR_FILTER), (char) => char.charCodeAt(0));

const PAGE_BYTES = 65_536;

/** A shared memory for the filter; null where the processor has no SIMD, or Node no shared memory. */
export function openMemory(size: number): WasmMemory | null {
  const pages = Math.ceil(size / PAGE_BYTES);
  try {
    if (!api().validate(bytes())) return null;
    return new (api().Memory)({ initial: pages, maximum: pages, shared: true });
  } catch {
    // No shared memory, or none of this size.
    return null;
  }
}

let compiled: object | undefined;
const opened = new WeakMap<WasmMemory, Filter>();

/** The filter over a memory, for the calling thread, which compiles it once. */
export function openFilter(memory: WasmMemory): Filter {
  const { Instance, Module } = api();
  compiled ??= new Module(bytes());
  const filter = opened.get(memory) ?? new Instance(compiled, { env: { memory } }).exports;
  opened.set(memory, filter);
  return filter;
}

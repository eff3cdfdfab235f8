import { PAIR_FILTER } from "./pair-filter.generated.ts";

/** A WebAssembly memory; threads that are given it share it. */
export type WasmMemory = { readonly buffer: SharedArrayBuffer };

/** @returns the number of hits, or -1 on overflow. */
export type Scan = (params: number) => number;

// Node has it, but neither the language nor @types/node declares it.
type Api = {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { env: { memory: WasmMemory } },
  ) => { exports: { scan: Scan } };
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

/** The filter over a memory, for the calling thread. */
export function openScan(memory: WasmMemory): Scan {
  const { Instance, Module } = api();
  return new Instance(new Module(bytes()), { env: { memory } }).exports.scan;
}

import type { PackedPeople } from "./pack-people.ts";
import { layOutSlot } from "./pair-layout.ts";
import type { Slot } from "./viewer-params.ts";

/** Takes a free slot of the packed people's memory for the duration of `work`. */
export function withSlot<T>(packed: PackedPeople, work: (slot: Slot) => T): T {
  const { buffer, columns, sizes } = packed;
  const layout = layOutSlot(sizes);
  const locks = new Int32Array(buffer, columns.locks, sizes.slots);
  const index = locks.findIndex((_, slot) => Atomics.compareExchange(locks, slot, 0, 1) === 0);
  if (index < 0) throw new Error(`All ${sizes.slots} slots of the packed people are in use.`);
  const bytes = columns.bytes;
  try {
    return work({
      at: columns.slots + index * layout.bytes,
      layout,
      f32: new Float32Array(buffer, 0, bytes >> 2),
      i32: new Int32Array(buffer, 0, bytes >> 2),
      u8: new Uint8Array(buffer, 0, bytes),
    });
  } finally {
    Atomics.store(locks, index, 0);
  }
}

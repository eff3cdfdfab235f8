import { describe, expect, it } from "vitest";
import { openByteReader } from "../../../src/media/parse/byte-reader.ts";

const KIB = 1024;

function scene(size: number, budget = Number.MAX_SAFE_INTEGER) {
  const file = Uint8Array.from({ length: size }, (_, i) => i % 251);
  const fetched: [number, number][] = [];
  const bytes = openByteReader({
    size,
    budget,
    fetch: async (start, length) => {
      fetched.push([start, length]);
      return file.subarray(start, start + length);
    },
  });
  return { file, fetched, bytes };
}

describe("a byte reader", () => {
  it("reads whole chunks of 64 KiB, each once", async () => {
    const { file, fetched, bytes } = scene(200 * KIB);
    for (let at = 0; at < 64 * KIB; at += 1_000)
      expect(await bytes.read(at, 4)).toEqual(file.subarray(at, at + 4));
    expect(fetched).toEqual([[0, 64 * KIB]]);
    expect(await bytes.read(199 * KIB, KIB)).toEqual(file.subarray(199 * KIB));
    expect(fetched[1]).toEqual([192 * KIB, 8 * KIB]);
  });

  it("joins chunks, and fetches those that are missing in one request", async () => {
    const { file, fetched, bytes } = scene(400 * KIB);
    await bytes.read(70 * KIB, 10);
    expect(await bytes.read(10, 390 * KIB)).toEqual(file.subarray(10, 10 + 390 * KIB));
    expect(fetched).toEqual([
      [64 * KIB, 64 * KIB],
      [0, 64 * KIB],
      [128 * KIB, 272 * KIB],
    ]);
  });

  it("reads nothing beyond the end, before the start, or above its budget, and allocates nothing for it", async () => {
    const { fetched, bytes } = scene(100 * KIB, 70 * KIB);
    await expect(bytes.read(99 * KIB, 2 * KIB)).rejects.toMatchObject({ fault: "truncated" });
    await expect(bytes.read(-1, 2)).rejects.toMatchObject({ fault: "truncated" });
    await expect(bytes.read(Number.NaN, 2)).rejects.toMatchObject({ fault: "truncated" });
    await expect(bytes.read(0, 0xfffffff0)).rejects.toMatchObject({ fault: "truncated" });
    expect((await bytes.readUpTo(99 * KIB, 0xfffffff0)).length).toBe(KIB);
    await expect(bytes.read(0, 10)).rejects.toMatchObject({ fault: "byte-budget" });
    expect(fetched).toEqual([[64 * KIB, 36 * KIB]]);
  });

  it("keeps a limited number of chunks", async () => {
    const { fetched, bytes } = scene(20_000 * KIB);
    for (let at = 0; at < 20_000 * KIB; at += 64 * KIB) await bytes.read(at, 1);
    const before = fetched.length;
    await bytes.read(20_000 * KIB - 1, 1);
    expect(fetched).toHaveLength(before);
    await bytes.read(0, 1);
    expect(fetched).toHaveLength(before + 1);
  });
});

import { describe, expect, it } from "vitest";
import {
  FileFaulty,
  type MediaStore,
  type StoredFile,
  StoreUnavailable,
} from "../../../src/ports/media-store/media-store.ts";
import { withCircuit } from "../../../src/ports/media-store/store-circuit.ts";

const never = new AbortController().signal;

function scene() {
  const state = { nowMs: 0, calls: 0, fault: null as Error | null };
  const answer = async <T>(value: T): Promise<T> => {
    state.calls += 1;
    if (state.fault) throw state.fault;
    return value;
  };
  const file: StoredFile = {
    size: 1,
    read: () => answer(new Uint8Array(1)),
    close: async () => undefined,
  };
  const store: MediaStore = { open: () => answer(file), delete: () => answer(undefined) };
  return { state, store: withCircuit(store, { nowMs: () => state.nowMs, random: () => 0.5 }) };
}

const waitOf = (error: unknown): number | null => (error as StoreUnavailable).retryAfterMs;

describe("the circuit of a media store", () => {
  it("opens with the first failure: the store is not called until the pause is over, which doubles", async () => {
    const { state, store } = scene();
    state.fault = new StoreUnavailable("status 503");
    const pauses: (number | null)[] = [];
    for (let i = 0; i < 7; i++) {
      await store.open("a", never).catch((error) => pauses.push(waitOf(error)));
      const { calls } = state;
      await expect(store.delete("a", never)).rejects.toMatchObject({ reason: "status 503" });
      expect(state.calls).toBe(calls);
      state.nowMs += pauses.at(-1) ?? 0;
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it("of deletions that are refused lets files be read", async () => {
    const { state, store } = scene();
    state.fault = new StoreUnavailable("status 403");
    await expect(store.delete("a", never)).rejects.toMatchObject({ retryAfterMs: 2_000 });
    state.fault = null;
    const { calls } = state;
    await expect(store.delete("a", never)).rejects.toMatchObject({ reason: "status 403" });
    expect(state.calls).toBe(calls);
    const file = await store.open("a", never);
    expect((await file.read(0, 1, never)).length).toBe(1);
  });

  it("waits as long as the store asks, but not longer than ten minutes", async () => {
    const { state, store } = scene();
    for (const [requested, waits] of [
      [90_000, 90_000],
      [86_400_000, 600_000],
    ] as const) {
      state.fault = new StoreUnavailable("status 429", requested);
      await store.open("a", never).catch((error) => expect(waitOf(error)).toBe(waits));
      state.nowMs += waits;
    }
  });

  it("opens with a read too, is closed by any answer about a file, and its faults open nothing", async () => {
    const { state, store } = scene();
    const file = await store.open("a", never);
    state.fault = new FileFaulty("missing");
    await expect(store.open("b", never)).rejects.toBe(state.fault);
    state.fault = new StoreUnavailable("timeout");
    await expect(file.read(0, 1, never)).rejects.toMatchObject({ retryAfterMs: 2_000 });
    await expect(store.open("a", never)).rejects.toMatchObject({ reason: "timeout" });
    state.nowMs += 2_000;
    state.fault = null;
    await file.read(0, 1, never);
    state.fault = new StoreUnavailable("timeout");
    await expect(store.open("a", never)).rejects.toMatchObject({ retryAfterMs: 2_000 });
  });
});

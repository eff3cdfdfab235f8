import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openSharedForRun } from "../../src/threads/shared-for-run.ts";

const NAMES = [0, 1, 2];
const LOAD_MS = 10_000;
const KEPT_UNUSED_MS = 30_000;

describe("shared for a run", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  /** A store whose loads take ten seconds each, and are counted. */
  function openStore() {
    const shared = openSharedForRun();
    const loads: number[] = [];
    let lists = 0;
    const loader = {
      names: async () => {
        lists++;
        return NAMES;
      },
      load: async (name: number) => {
        loads.push(name);
        await vi.advanceTimersByTimeAsync(LOAD_MS);
        return `part ${name}`;
      },
    };
    const use = (key: string) => shared.use(key, loader, async (parts) => parts.join());
    return { shared, loader, use, loads, lists: () => lists };
  }
  const ALL = "part 0,part 1,part 2";

  it("loads each part once for callers that overlap, though loading takes longer than unused data is kept", async () => {
    const { use, loads, lists } = openStore();
    expect(await Promise.all([use("run 1"), use("run 1"), use("run 1")])).toEqual([ALL, ALL, ALL]);
    expect([...loads].sort()).toEqual(NAMES);
    expect(lists()).toBe(1);
    expect(loads.length * LOAD_MS).toBeGreaterThanOrEqual(KEPT_UNUSED_MS);
    for (let n = 0; n < 3; n++) {
      await vi.advanceTimersByTimeAsync(KEPT_UNUSED_MS - 1_000);
      expect(await use("run 1")).toBe(ALL);
    }
    expect(loads).toHaveLength(3);
  });

  it("drops the parts when no caller has used them for half a minute", async () => {
    const { use, loads } = openStore();
    await use("run 1");
    await vi.advanceTimersByTimeAsync(KEPT_UNUSED_MS + 1_000);
    await use("run 1");
    expect(loads).toHaveLength(6);
  });

  it("keeps the parts of one key longer, where the loader says so: the last that was used", async () => {
    const { shared, loader, loads } = openStore();
    const keepMs = 10 * KEPT_UNUSED_MS;
    const use = (key: string) => shared.use(key, { ...loader, keepMs }, async () => null);
    await use("run 1");
    await vi.advanceTimersByTimeAsync(keepMs - 1_000);
    await use("run 1");
    expect(loads).toHaveLength(3);
    await use("run 2");
    await vi.advanceTimersByTimeAsync(KEPT_UNUSED_MS + 1_000);
    await use("run 2");
    expect(loads).toHaveLength(6);
    await use("run 1");
    expect(loads).toHaveLength(9);
    await vi.advanceTimersByTimeAsync(keepMs + 1_000);
    await use("run 1");
    expect(loads).toHaveLength(12);
  });

  it("keeps the parts while a caller works with them, however long that takes", async () => {
    const { shared, loader, use, loads } = openStore();
    await shared.use("run 1", loader, () => vi.advanceTimersByTimeAsync(10 * KEPT_UNUSED_MS));
    await use("run 1");
    expect(loads).toHaveLength(3);
  });

  it("loads again under another key", async () => {
    const { use, loads } = openStore();
    await use("run 1");
    await use("run 2");
    expect(loads).toHaveLength(6);
  });

  it("loads a part again for a caller whose predecessor failed to, and fails the predecessor alone", async () => {
    const shared = openSharedForRun();
    let fail = (_error: Error): void => undefined;
    const failing = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const work = async (parts: readonly string[]) => parts.join();
    const first = shared.use("run 1", { names: async () => NAMES, load: () => failing }, work);
    const second = shared.use(
      "run 1",
      { names: async () => NAMES, load: async (name) => `part ${name}` },
      work,
    );
    fail(new Error("time limit"));
    await expect(first).rejects.toThrow("time limit");
    expect(await second).toBe(ALL);
  });

  it("lists the names again after a failure, and frees everything on close", async () => {
    const { shared, loader, use, loads } = openStore();
    const names = () => Promise.reject(new Error("no database"));
    await expect(shared.use("run 1", { ...loader, names }, async () => null)).rejects.toThrow("no database");
    expect(await use("run 1")).toBe(ALL);
    shared.close();
    await use("run 1");
    expect(loads).toHaveLength(6);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withSharedBlocks } from "../../src/project-matching/shared-blocks.ts";
import type { ComputeContext } from "../../src/queues/job.ts";
import type { Threads } from "../../src/threads/threads.ts";

const BLOCKS = [{ number: "0" }, { number: "1" }, { number: "2" }];
const TEN_SECONDS = 10_000;
const KEPT_UNUSED_MS = 30_000;

/** A process whose reads take ten seconds each, as they do among others who want the processors. */
function aProcess() {
  let reads = 0;
  const threads = { call: async () => [{}] } as unknown as Threads;
  const read = async (work: (tx: unknown) => Promise<unknown>) => {
    reads++;
    await vi.advanceTimersByTimeAsync(TEN_SECONDS);
    return work({ execute: async () => ({ rows: BLOCKS }) });
  };
  const rank = (runId: string) => {
    const context = { runId, threads, read, signal: new AbortController().signal };
    return withSharedBlocks(context as unknown as ComputeContext, async (blocks) => blocks.length);
  };
  return { rank, reads: () => reads };
}

describe("the index that the ranges of a run share", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("is read once, though reading takes longer than an index without use is kept", async () => {
    const { rank, reads } = aProcess();
    expect(await Promise.all([rank("1"), rank("1"), rank("1")])).toEqual([3, 3, 3]);
    const once = reads();
    expect(once * TEN_SECONDS).toBeGreaterThan(KEPT_UNUSED_MS);
    for (let n = 0; n < 3; n++) {
      await vi.advanceTimersByTimeAsync(KEPT_UNUSED_MS - 1_000);
      await rank("1");
    }
    expect(reads()).toBe(once);
  });

  it("is forgotten when no range has used it for half a minute", async () => {
    const { rank, reads } = aProcess();
    await rank("1");
    const once = reads();
    await vi.advanceTimersByTimeAsync(KEPT_UNUSED_MS + 1_000);
    await rank("1");
    expect(reads()).toBe(2 * once);
  });

  it("is read anew by another run, which may have to see what has changed since", async () => {
    const { rank, reads } = aProcess();
    await rank("1");
    const once = reads();
    await rank("2");
    expect(reads()).toBe(2 * once);
  });
});

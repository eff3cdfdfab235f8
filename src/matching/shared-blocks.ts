import type { JobContext } from "../queues/job.ts";
import { Snooze } from "../queues/outcome.ts";
import type { Threads } from "../queues/threads.ts";
import type { SkillBlock } from "../scoring/skill-block.ts";
import { blockNumbers, packBlocks, readBlock } from "./volunteer-blocks.ts";

/** The index of all volunteers, as far as this process has read it for one run. */
type Shared = {
  readonly runId: string;
  readonly blocks: { readonly number: number; index: Promise<SkillBlock[]> | null }[];
  forget: NodeJS.Timeout;
};

/** One a process: the ranges of a run share it. */
const kept = new WeakMap<Threads, Promise<Shared>>();

/** A range reads for so long; then it gives its turn back, and the next one goes on where it stopped. */
const READING_LIMIT_MS = 2_500;
const COME_BACK_MS = 50;
/** A run that needs it no more does not hold its memory for long. */
const FORGET_AFTER_MS = 30_000;

/**
 * The index of all volunteers for the ranges of a run. Its blocks are read by whichever ranges come first, within their own
 * transactions: together they take longer than one transaction may.
 *
 * @throws Snooze when it is not complete yet and this range has read long enough.
 */
export async function sharedBlocks(context: JobContext): Promise<SkillBlock[]> {
  const { tx, threads, signal } = context;
  const shared = await sharedOf(context);
  shared.forget.refresh();
  const deadline = performance.now() + READING_LIMIT_MS;
  const mine: Promise<SkillBlock[]>[] = [];
  for (;;) {
    const next = shared.blocks.find(({ index }) => index === null);
    if (!next) break;
    if (performance.now() > deadline) throw new Snooze(COME_BACK_MS, "the index is being read");
    // While a thread makes the index of one block, the next one is read.
    const reading = readBlock(tx, { number: next.number, skillIds: null, places: true });
    const index = reading.then((packed) => packBlocks(threads, [packed], signal));
    next.index = index;
    index.catch(() => {
      next.index = null;
    });
    mine.push(index);
    await reading;
  }
  await Promise.all(mine);
  const all = Promise.all(shared.blocks.map(({ index }) => index as Promise<SkillBlock[]>));
  return (await othersToo(all, deadline)).flat();
}

/** What other ranges are reading is waited for, but not longer than this one may take. Their failure is not ours. */
async function othersToo<T>(complete: Promise<T>, deadline: number): Promise<T> {
  const later = new Snooze(COME_BACK_MS, "the index is being read");
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(later), Math.max(0, deadline - performance.now()));
  });
  try {
    return await Promise.race([complete.catch(() => Promise.reject(later)), limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function sharedOf(context: JobContext): Promise<Shared> {
  const { tx, threads, runId } = context;
  const found = kept.get(threads);
  const current = await found?.catch(() => undefined);
  if (current && current.runId === runId) return current;
  // Somebody else may have begun meanwhile.
  const again = kept.get(threads);
  if (again && again !== found) return sharedOf(context);
  const opening = blockNumbers(tx).then((numbers): Shared => {
    const forget = setTimeout(() => {
      if (kept.get(threads) === opening) kept.delete(threads);
    }, FORGET_AFTER_MS).unref();
    return { runId: runId ?? "", blocks: numbers.map((number) => ({ number, index: null })), forget };
  });
  kept.set(threads, opening);
  return opening;
}

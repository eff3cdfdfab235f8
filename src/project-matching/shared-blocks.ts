import type { ComputeContext } from "../queues/job.ts";
import type { SkillBlock } from "../scoring/project-matching/skill-block.ts";
import { paceOf } from "../threads/statement-turns.ts";
import type { Threads } from "../threads/threads.ts";
import type { ReadBlock } from "./rank.task.ts";
import { blockNumbers, packBlocks, readBlock } from "./volunteer-blocks.ts";

/** The index of all volunteers, as far as this process has read it for one run. */
type Shared = {
  readonly runId: string;
  readonly blocks: { readonly number: number; index: Promise<SkillBlock[]> | null }[];
  /** Ranges that read it or rank by it: with rests, that may take minutes. */
  users: number;
  forget: NodeJS.Timeout | null;
};

/** One a process: the ranges of a run share it. */
const kept = new WeakMap<Threads, Promise<Shared>>();

/** Where others want the processors, a block is read in parts of a hundredth of a second each: they feel a longer statement. */
const PARTS = 8;

/** A run whose next range does not come takes the memory for no longer. */
const FORGET_AFTER_MS = 30_000;

/**
 * Calls `work` with the index of all volunteers, which the ranges of a run share. Its blocks are read by whichever ranges come first, a
 * short transaction each.
 */
export async function withSharedBlocks<T>(
  context: ComputeContext,
  work: (blocks: SkillBlock[]) => Promise<T>,
): Promise<T> {
  const shared = await sharedOf(context);
  hold(shared);
  try {
    return await work(await allBlocks(context, shared));
  } finally {
    letGo(shared, context.threads);
  }
}

function hold(shared: Shared): void {
  shared.users++;
  if (shared.forget) clearTimeout(shared.forget);
}

function letGo(shared: Shared, threads: Threads): void {
  shared.users--;
  if (shared.users > 0) return;
  shared.forget = setTimeout(async () => {
    const current = await kept.get(threads)?.catch(() => undefined);
    if (current === shared) kept.delete(threads);
  }, FORGET_AFTER_MS).unref();
}

async function allBlocks(context: ComputeContext, shared: Shared): Promise<SkillBlock[]> {
  for (;;) {
    await readMissing(context, shared);
    const indexes = await Promise.allSettled(shared.blocks.map(({ index }) => index));
    const blocks = indexes.flatMap((read) => (read.status === "fulfilled" ? (read.value ?? []) : []));
    if (blocks.length === shared.blocks.length) return blocks;
    // Another range was reading the others, and failed: now they are ours.
    context.signal.throwIfAborted();
  }
}

/** Reads the blocks that nobody has read or is reading. While a thread makes the index of one, the next one is read. */
async function readMissing(context: ComputeContext, { blocks }: Shared): Promise<void> {
  const { threads, signal } = context;
  const mine: Promise<SkillBlock[]>[] = [];
  for (;;) {
    const next = blocks.find(({ index }) => index === null);
    if (!next) break;
    const reading = readInTurn(context, next.number);
    const index = reading.then((packed) => packBlocks(threads, [packed], signal));
    next.index = index;
    index.catch(() => {
      next.index = null;
    });
    mine.push(index);
    await reading;
  }
  await Promise.all(mine);
}

async function readInTurn({ read, threads, signal }: ComputeContext, number: number): Promise<ReadBlock> {
  const parts: ReadBlock[] = [];
  const pace = paceOf(threads);
  const turn = await pace.turn(signal);
  const of = pace.isCrowded() ? PARTS : 1;
  try {
    for (let index = 0; index < of; index++) {
      if (index > 0) await turn.pause(signal);
      const scope = { number, skillIds: null, places: true, part: { index, of } };
      parts.push(await read((tx) => readBlock(tx, scope)));
    }
  } finally {
    turn.end();
  }
  return {
    number,
    skills: parts.flatMap(({ skills }) => skills),
    places: parts.flatMap(({ places }) => places),
  };
}

async function sharedOf(context: ComputeContext): Promise<Shared> {
  const { threads, runId } = context;
  const found = kept.get(threads);
  const current = await found?.catch(() => undefined);
  if (current && current.runId === runId) return current;
  // Somebody else may have begun meanwhile.
  const again = kept.get(threads);
  if (again && again !== found) return sharedOf(context);
  const opening = context.read(blockNumbers).then((numbers): Shared => {
    const blocks = numbers.map((number) => ({ number, index: null }));
    return { runId: runId ?? "", blocks, users: 0, forget: null };
  });
  kept.set(threads, opening);
  return opening;
}

import type { ComputeContext } from "../queues/job.ts";
import type { Threads } from "../queues/threads.ts";
import type { ReadBlock } from "../scoring/match-rows.ts";
import type { SkillBlock } from "../scoring/skill-block.ts";
import { paceOf } from "./pace.ts";
import { blockNumbers, packBlocks, readBlock } from "./volunteer-blocks.ts";

/** The index of all volunteers, as far as this process has read it for one run. */
type Shared = {
  readonly runId: string;
  readonly blocks: { readonly number: number; index: Promise<SkillBlock[]> | null }[];
  forget: NodeJS.Timeout;
};

/** One a process: the ranges of a run share it. */
const kept = new WeakMap<Threads, Promise<Shared>>();

/** A block is read in parts, of a hundredth of a second each: a longer statement is felt by others. */
const PARTS = 4;

/** A run that needs it no more does not hold its memory for long. */
const FORGET_AFTER_MS = 30_000;

/**
 * The index of all volunteers for the ranges of a run. Its blocks are read by whichever ranges come first, a short transaction each.
 */
export async function sharedBlocks(context: ComputeContext): Promise<SkillBlock[]> {
  const shared = await sharedOf(context);
  shared.forget.refresh();
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
  const pace = paceOf(threads);
  const parts: ReadBlock[] = [];
  await pace.turn(signal);
  try {
    for (let index = 0; index < PARTS; index++) {
      if (index > 0) await pace.pause(signal);
      const scope = { number, skillIds: null, places: true, part: { index, of: PARTS } };
      parts.push(await read((tx) => readBlock(tx, scope)));
    }
  } finally {
    pace.end();
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
    const forget = setTimeout(() => {
      if (kept.get(threads) === opening) kept.delete(threads);
    }, FORGET_AFTER_MS).unref();
    return { runId: runId ?? "", blocks: numbers.map((number) => ({ number, index: null })), forget };
  });
  kept.set(threads, opening);
  return opening;
}

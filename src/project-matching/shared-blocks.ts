import type { ComputeContext } from "../queues/job.ts";
import type { SkillBlock } from "../scoring/project-matching/skill-block.ts";
import type { EncodedBlock } from "./rank.task.ts";
import { blockNumbers, indexBlocks, readBlock } from "./volunteer-blocks.ts";

/** While other work wants the processors, a block is read in this many statements, of about 10 ms each. */
const SMALL_PARTS_PER_BLOCK = 8;

/**
 * Calls `work` with the index of all volunteers, which the ranges of a run share. Reads are short
 * transactions of their own.
 */
export const withSharedBlocks = <Result>(
  context: ComputeContext,
  work: (blocks: readonly SkillBlock[]) => Promise<Result>,
): Promise<Result> =>
  context.compute.shared.use(
    `skill blocks of run ${context.runId}`,
    { names: () => context.read(blockNumbers), load: (number: number) => loadBlock(context, number) },
    work,
  );

async function loadBlock(context: ComputeContext, number: number): Promise<SkillBlock> {
  const encoded = await readInTurn(context, number);
  const [block] = await indexBlocks(context.compute.threads, [encoded], context.signal);
  return block as SkillBlock;
}

async function readInTurn({ read, compute, signal }: ComputeContext, number: number): Promise<EncodedBlock> {
  const turn = await compute.turns.take(signal);
  const of = compute.turns.isCrowded() ? SMALL_PARTS_PER_BLOCK : 1;
  const parts: EncodedBlock[] = [];
  try {
    for (let index = 0; index < of; index++) {
      if (index > 0) await turn.pause(signal);
      const part = { index, of };
      parts.push(await read((tx) => readBlock(tx, { number, part, skillIds: null, locations: true })));
    }
  } finally {
    turn.end();
  }
  return {
    number,
    skills: parts.flatMap(({ skills }) => skills),
    locations: parts.flatMap(({ locations }) => locations),
  };
}

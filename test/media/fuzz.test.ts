import { afterAll, expect, it } from "vitest";
import { checkFile } from "../../src/media/read-file.ts";
import { type Random, seededRandom } from "../../src/random.ts";
import { CHECKED_STATUSES } from "../../src/scoring/media/limits.ts";
import { openGuardedThreads } from "../../src/threads/guarded-threads.ts";
import { ALL_PREVIEWS, FIXTURES, LIMITS, mediaFixture, storeOf } from "../support/media.ts";
import { size } from "../support/sizes.ts";

const guarded = openGuardedThreads();
afterAll(() => guarded.close());

const NAMES = Object.keys(FIXTURES);
/** Values that parsers trip over. */
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff];

type Mutation = (file: Buffer, random: Random) => Buffer;

const place = (file: Buffer, random: Random): number => random.between(0, Math.max(0, file.length - 1));

const MUTATIONS: readonly Mutation[] = [
  (file, random) => {
    if (file.length > 0) file[place(file, random)] = random.between(0, 255);
    return file;
  },
  (file, random) => {
    const at = place(file, random);
    return file.fill(random.pick(EXTREMES), at, Math.min(file.length, at + random.between(1, 8)));
  },
  (file, random) => file.subarray(0, place(file, random)),
  (file, random) => {
    const at = place(file, random);
    return Buffer.concat([file.subarray(0, at), file.subarray(at + random.between(1, 64))]);
  },
  (file, random) => {
    const at = place(file, random);
    return Buffer.concat([file.subarray(0, at), file.subarray(at, at + 200), file.subarray(at)]);
  },
  (file, random) => {
    const [a, b] = [place(file, random), place(file, random)];
    file.copyWithin(a, b, b + random.between(1, 64));
    return file;
  },
];

function mutated(name: string, random: Random): Buffer {
  let file: Buffer = Buffer.from(mediaFixture(name));
  for (let left = random.between(1, 6); left > 0; left--) file = random.pick(MUTATIONS)(file, random);
  return Buffer.from(file);
}

it("every mutation of a file ends with a verdict and its reason, previews included, and memory stays flat", async () => {
  const random = seededRandom(17);
  const count = size(100, 2_000);
  const files = Array.from({ length: count }, (_, index) => {
    const name = NAMES[index % NAMES.length]!;
    return { name, file: mutated(name, random) };
  });
  const verdicts: Record<string, number> = {};
  const memoryAfter: number[] = [];
  let next = 0;
  const check = async (): Promise<void> => {
    for (let index = next++; index < files.length; index = next++) {
      const { name, file } = files[index]!;
      const { kind } = FIXTURES[name]!;
      const reader = { store: storeOf(file), guarded, limits: LIMITS, previews: ALL_PREVIEWS, witnesses: [] };
      const { verdict } = await checkFile(
        { ...reader, signal: new AbortController().signal },
        { key: "file", kind },
      );
      expect(CHECKED_STATUSES).toContain(verdict.status);
      if (verdict.status === "FAILED_PROCESSING") expect(verdict.fault).toMatch(/^[a-z-]+$/);
      if (verdict.status === "REJECTED") expect(verdict.reasons.length).toBeGreaterThan(0);
      verdicts[verdict.status] = (verdicts[verdict.status] ?? 0) + 1;
      if (index % 25 === 24) memoryAfter.push(process.memoryUsage().rss);
    }
  };
  await Promise.all([check(), check()]);
  expect(Object.values(verdicts).reduce((sum, n) => sum + n, 0)).toBe(count);
  expect(verdicts["FAILED_PROCESSING"]).toBeGreaterThan(count / 10);
  const [first = 0] = memoryAfter;
  expect(Math.max(...memoryAfter) - first).toBeLessThan(300 * 1024 * 1024);
});

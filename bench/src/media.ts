import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkFile, type FileReader } from "../../src/media/read-file.ts";
import { folderStore } from "../../src/ports/media-store/folder.ts";
import type { MediaStore } from "../../src/ports/media-store/media-store.ts";
import { type GuardedThreads, openGuardedThreads } from "../../src/threads/guarded-threads.ts";
import { type Bench, type BenchContext, type Figure, measure, quantile } from "./bench.ts";
import { watchingLoop } from "./loop-delays.ts";

const CHECKS = 20_000;
const SINGLE = 200;
const WARM_UP = 100;
const FILES = 50;
/** The frames of an ordinary clip; the fixture has one second of them. */
const FRAME_BYTES = 2_000_000;
const AT_ONCE = 2;

const NO_PREVIEWS: FileReader["previews"] = { thumbhash: false, thumbnail: false, waveform: false };

const LIMITS: FileReader["limits"] = {
  maxSeconds: 180,
  video: { width: 3_840, height: 2_160 },
  image: { width: 8_192, height: 8_192 },
  imageBytes: 32 * 1024 * 1024,
};

/** Checking files in a folder, without recording what they are. */
export const media: Bench = {
  name: "media",
  servers: false,
  describe: ({ scale }) =>
    `${CHECKS * scale} checks of MP4 files of 2 MB in a folder, ${AT_ONCE} at a time on as many threads; then ${SINGLE} one after the other.`,
  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), "bench-media-"));
    try {
      for (let n = 0; n < FILES; n++) await writeFile(join(folder, `${n}.mp4`), await longClip());
      await context.loaded();
      await measure(context, () => checks(context, folder));
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function longClip(): Promise<Buffer> {
  const clip = await readFile(new URL("../../test/media/fixtures/clip.mp4", import.meta.url));
  const start = clip.indexOf("mdat") - 4;
  const end = start + clip.readUInt32BE(start);
  const long = Buffer.concat([clip.subarray(0, end), Buffer.alloc(FRAME_BYTES), clip.subarray(end)]);
  long.writeUInt32BE(end - start + FRAME_BYTES, start);
  return long;
}

/** Counts what is read of the files. */
function counting(store: MediaStore): MediaStore & { take(): number } {
  let bytes = 0;
  return {
    ...store,
    async open(key, signal) {
      const file = await store.open(key, signal);
      return {
        ...file,
        read(start, length, s) {
          bytes += length;
          return file.read(start, length, s);
        },
      };
    },
    take() {
      const taken = bytes;
      bytes = 0;
      return taken;
    },
  };
}

async function checks({ scale }: BenchContext, folder: string): Promise<readonly Figure[]> {
  const store = counting(folderStore(folder));
  const guarded = openGuardedThreads({ size: AT_ONCE });
  try {
    const check = checker(store, guarded);
    await inParallel(WARM_UP, check);
    return await watchingLoop(() => measureChecks(Math.round(CHECKS * scale), store, check));
  } finally {
    await guarded.close();
  }
}

async function measureChecks(
  count: number,
  store: ReturnType<typeof counting>,
  check: (n: number) => Promise<void>,
): Promise<Figure[]> {
  const memoryBefore = process.memoryUsage().rss;
  const startedMs = performance.now();
  await inParallel(count, check);
  const seconds = (performance.now() - startedMs) / 1_000;
  const grownMiB = (process.memoryUsage().rss - memoryBefore) / 2 ** 20;
  const times: number[] = [];
  const read: number[] = [];
  store.take();
  for (let n = 0; n < SINGLE; n++) {
    const atMs = performance.now();
    await check(n);
    times.push(performance.now() - atMs);
    read.push(store.take() / 1024);
  }
  const median = (values: number[]): number =>
    quantile(
      values.sort((a, b) => a - b),
      0.5,
    );
  return [
    { figure: "files checked", unit: "files/s", value: count / seconds },
    { figure: "one file", unit: "ms", value: median(times) },
    { figure: "read of one file", unit: "KiB", value: median(read) },
    { figure: "memory grown", unit: "MiB", value: grownMiB },
  ];
}

const checker =
  (store: MediaStore, guarded: GuardedThreads) =>
  async (n: number): Promise<void> => {
    const signal = new AbortController().signal;
    const reader = { store, guarded, limits: LIMITS, previews: NO_PREVIEWS, witnesses: [], signal };
    const { verdict } = await checkFile(reader, { key: `${n % FILES}.mp4`, kind: "VIDEO" });
    if (verdict.status !== "READY") throw new Error(`a file is ${verdict.status}`);
  };

async function inParallel(count: number, check: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await check(n);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

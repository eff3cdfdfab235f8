import type { Ask } from "../../src/threads/asking.ts";

/** Tasks for the tests of guarded threads. */
export const addAsked = async (numbers: readonly number[], ask: Ask): Promise<number> => {
  let sum = 0;
  for (const n of numbers) sum += (await ask(n)) as number;
  return sum;
};

export const bytesAsked = async (_input: unknown, ask: Ask): Promise<number> =>
  ((await ask("bytes")) as Uint8Array).length;

/** Ends normally, although a request was refused. */
export const swallowRefusal = async (_input: unknown, ask: Ask): Promise<string> =>
  ask("anything").then(
    () => "answered",
    () => "refused",
  );

export function spinForEver(): never {
  for (;;);
}

export const waitForEver = (_input: unknown, ask: Ask): Promise<unknown> => ask("nothing comes");

export function fillMemory(): unknown {
  const held: number[][] = [];
  for (;;) held.push(new Array<number>(100_000).fill(held.length));
}

/** Waits a while, so that what was left behind comes up. */
export const outlast = (ms: number): Promise<string> =>
  new Promise((resolve) => {
    setTimeout(() => resolve("ended"), ms);
  });

/** Fails after its end, when nobody waits any more. */
export function leaveRejection(): string {
  setTimeout(() => Promise.reject(new Error("left behind")), 5);
  return "ended";
}

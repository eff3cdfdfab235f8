import type { RequestFromCaller } from "../../src/threads/caller-requests.ts";

/** Tasks for the tests of guarded threads. */
export const addRequested = async (
  numbers: readonly number[],
  request: RequestFromCaller,
): Promise<number> => {
  let sum = 0;
  for (const n of numbers) sum += (await request(n)) as number;
  return sum;
};

export const bytesRequested = async (_input: unknown, request: RequestFromCaller): Promise<number> =>
  ((await request("bytes")) as Uint8Array).length;

/** Ends normally, although a request was refused. */
export const swallowRefusal = async (_input: unknown, request: RequestFromCaller): Promise<string> =>
  request("anything").then(
    () => "answered",
    () => "refused",
  );

export function spinForEver(): never {
  for (;;);
}

export const waitForEver = (_input: unknown, request: RequestFromCaller): Promise<unknown> =>
  request("nothing comes");

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

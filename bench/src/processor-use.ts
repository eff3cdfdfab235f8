import { readdirSync, readFileSync } from "node:fs";

/** Linux reports the processor time of processes in hundredths of a second, whatever its own clock is. */
const TICK_MS = 10;

type Use = {
  readonly pid: number;
  readonly parent: number;
  /** Of all its threads. */
  readonly ownMs: number;
  /** Of its children that have ended. */
  readonly endedMs: number;
};

/**
 * The processor time that a process has used, in milliseconds, with that of its children: Postgres has one
 * for each connection. Linux only.
 *
 * @throws Error if there is no such process.
 */
export function processorTimeOfTree(root: number): number {
  const { ownMs, endedMs } = readUse(root);
  const children = pids().flatMap((pid) => {
    const use = useOf(pid);
    return use?.parent === root ? [use.ownMs + use.endedMs] : [];
  });
  return children.reduce((sum, ms) => sum + ms, ownMs + endedMs);
}

/** @throws Error if there is no such process. */
export const parentOf = (pid: number): number => readUse(pid).parent;

const pids = (): number[] =>
  readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));

/** Null for a process that has ended. */
function useOf(pid: number): Use | null {
  try {
    return readUse(pid);
  } catch {
    return null;
  }
}

function readUse(pid: number): Use {
  const line = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The name of the program, in parentheses, may hold spaces.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [parent, user, system, endedUser, endedSystem] = [1, 11, 12, 13, 14].map((n) =>
    Number(fields[n]),
  ) as [number, number, number, number, number];
  return {
    pid,
    parent,
    ownMs: (user + system) * TICK_MS,
    endedMs: (endedUser + endedSystem) * TICK_MS,
  };
}

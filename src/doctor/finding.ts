import { withinLimit } from "../deadlines.ts";

/** `skipped`: could not be checked, because another check has a problem. Only a problem fails. */
export type Status = "ok" | "warning" | "problem" | "skipped";

/** The finding of a check: the state, or the problem and what to do about it. */
export type Finding =
  | { readonly status: "warning" | "problem"; readonly found: string; readonly action: string }
  | { readonly status: "ok" | "skipped"; readonly found: string; readonly action: null };

/** A line of the report. */
export type Line = Finding & { readonly check: string };

export type Check = {
  /** The subject of the check, in a few words. */
  readonly name: string;
  /** True if the checks of later groups cannot run while this one has a problem. */
  readonly isGate?: boolean;
  look(): Promise<Finding | readonly Finding[]>;
};

/** Checks that run at the same time. */
export type CheckGroup = readonly Check[];

export const ok = (found: string): Finding => ({ status: "ok", found, action: null });

export const warning = (found: string, action: string): Finding => ({ status: "warning", found, action });

export const problem = (found: string, action: string): Finding => ({ status: "problem", found, action });

/**
 * A problem from a message whose first sentence says what is wrong, and the others what to do.
 *
 * @param otherwise what to do if the message has only one sentence.
 */
export function problemFrom(message: string, otherwise: string): Finding {
  const end = message.search(/\. (?=[A-Z`])/);
  return end < 0 ? problem(message, otherwise) : problem(message.slice(0, end + 1), message.slice(end + 2));
}

export type CheckOptions = {
  /** No check takes longer. */
  readonly limitMs: number;
  /** The finding for an error that a check throws. */
  readonly failed: (error: unknown) => Finding;
};

/**
 * Runs the groups one after the other. A check that fails does not stop the others of its group; a gate with
 * a problem skips the later groups.
 */
export async function runCheckGroups(groups: readonly CheckGroup[], options: CheckOptions): Promise<Line[]> {
  const lines: Line[] = [];
  let closed: string | null = null;
  for (const group of groups) {
    const because = closed;
    if (because !== null) {
      lines.push(...group.map(({ name }) => skippedCheck(name, because)));
      continue;
    }
    const looked = await Promise.all(group.map((check) => runCheck(check, options)));
    lines.push(...looked.flat());
    const gates = group.filter(({ isGate }) => isGate).map(({ name }) => name);
    closed =
      looked.flat().find((line) => line.status === "problem" && gates.includes(line.check))?.check ?? null;
  }
  return lines;
}

async function runCheck({ name, look }: Check, { limitMs, failed }: CheckOptions): Promise<Line[]> {
  const found = await withinLimit(limitMs, look).catch(failed);
  return [found].flat().map((finding) => ({ check: name, ...finding }));
}

/** The line of a check that could not run. */
export const skippedCheck = (check: string, because: string): Line => ({
  check,
  status: "skipped",
  found: `not looked at: see ${because}`,
  action: null,
});

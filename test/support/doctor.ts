import { expect } from "vitest";
import { examine } from "../../src/doctor/examine.ts";
import type { Line } from "../../src/doctor/finding.ts";
import { timetable } from "../../src/schedules/timetable.ts";
import { createWorld, type World, type WorldOptions } from "./world.ts";

// What the tests of `commonwork doctor` share.

type Environment = Record<string, string>;

/** The lines with a problem or a warning. */
export const faultsIn = (lines: readonly Line[]): Line[] =>
  lines.filter(({ status }) => status === "problem" || status === "warning");

/** The same of a set-up. */
export const faultsOf = async (environment: Environment): Promise<Line[]> =>
  faultsIn(await examine({ environment }));

/** A world in which every schedule has just been opened. */
export async function soundWorld(options: WorldOptions = {}): Promise<World> {
  const world = await createWorld(options);
  const names = timetable.map(({ name }) => name);
  await world.query("insert into schedules (name, through) select unnest($1::text[]), now()", [names]);
  return world;
}

/** A line of the report, with something to do. */
export const line = (check: string, found: RegExp | string, status = "problem") => ({
  check,
  status,
  found: typeof found === "string" ? found : expect.stringMatching(found),
  action: expect.any(String),
});

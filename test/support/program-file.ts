import { inject } from "vitest";
import type { PROGRAMS } from "./build-programs.ts";

export type Program = keyof typeof PROGRAMS;

/** The file of a program that was built at the start of the run, to be started by Node. */
export const programFile = (name: Program): string => `${inject("programs")}/${name}.mjs`;

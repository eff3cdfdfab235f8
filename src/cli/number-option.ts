import { InvalidArgumentError } from "commander";

/** A parser for an option that is a whole number within bounds. */
export const wholeNumber =
  (name: string, min: number, max: number) =>
  (text: string): number => {
    const n = Number(text);
    if (/^\d+$/.test(text) && n >= min && n <= max) return n;
    throw new InvalidArgumentError(`${name} must be a whole number from ${min} to ${max}.`);
  };

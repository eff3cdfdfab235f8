import { InvalidArgumentError } from "commander";

/** An option parser for integers within bounds. */
export const integerOption =
  (name: string, min: number, max: number) =>
  (text: string): number => {
    const n = Number(text);
    if (/^\d+$/.test(text) && n >= min && n <= max) return n;
    throw new InvalidArgumentError(`${name} must be a whole number from ${min} to ${max}.`);
  };

import { z } from "zod";
import { isPlainText, isStorableInstant } from "../foreign-text.ts";
import type { OwnColumn } from "./plan.ts";

/** The fault of one field of a record, for the sender. */
export type FieldFault = { readonly field: string; readonly fault: string };

const MAX_FAULTS = 10;

/**
 * Checks the columns of a record against those of our table, so that its sender learns which field is wrong.
 * Rules that depend on other columns or rows are left to Postgres. Pure.
 */
export function columnFaults(
  given: Readonly<Record<string, unknown>>,
  columns: readonly OwnColumn[],
): FieldFault[] {
  const known = new Map(columns.map((column) => [column.name, column]));
  const faults: FieldFault[] = [];
  for (const [name, value] of Object.entries(given)) {
    const column = known.get(name);
    const fault = column === undefined ? "is not a column that a host may write" : valueFault(column, value);
    if (fault !== null) faults.push({ field: `columns.${name}`, fault });
  }
  for (const { name, optional } of columns)
    if (!optional && !Object.hasOwn(given, name))
      faults.push({ field: `columns.${name}`, fault: "is required" });
  return faults.slice(0, MAX_FAULTS);
}

function valueFault({ type, references, notNull }: OwnColumn, value: unknown): string | null {
  if (value === null) return notNull ? "must not be null" : null;
  if (references) return referenceFault(value);
  if (!type.endsWith("[]")) return checkOf(type)(value);
  if (!Array.isArray(value)) return "must be a list";
  const check = checkOf(type.slice(0, -"[]".length));
  for (const item of value) {
    const fault = item === null ? "must not be null" : check(item);
    if (fault !== null) return `has an item that ${fault}`;
  }
  return null;
}

const MAX_REFERENCE = 255;

function referenceFault(value: unknown): string | null {
  if (typeof value === "string" && !isPlainText(value)) return "must not contain control characters";
  const isId =
    typeof value === "string"
      ? value.length > 0 && value.length <= MAX_REFERENCE
      : Number.isSafeInteger(value);
  return isId ? null : "must be an id of the host: a string or a whole number";
}

type Check = (value: unknown) => string | null;

/** Checks by type, as named by `format_type`. Values of other types are left to Postgres. */
const CHECKS: Readonly<Record<string, Check>> = {
  text: (value) => (typeof value === "string" || typeof value === "number" ? null : "must be a string"),
  boolean: (value) =>
    typeof value === "boolean" || value === 0 || value === 1 ? null : "must be true or false",
  smallint: wholeNumber(16),
  integer: wholeNumber(32),
  bigint: wholeNumber(64),
  real: (value) => numberFault(value),
  "double precision": (value) => numberFault(value),
  "timestamp with time zone": (value) => (isInstant(value) ? null : INSTANT),
  jsonb: (value) => (isFiniteJson(value) ? null : "has a number that is out of range"),
  date: (value) => (z.iso.date().safeParse(value).success ? null : "must be a date such as 2026-03-09"),
};

const checkOf = (type: string): Check => CHECKS[type] ?? (() => null);

const INSTANT = "must be an ISO 8601 instant with an offset, not before 1970";

const isInstant = (value: unknown): boolean =>
  z.iso.datetime({ offset: true }).safeParse(value).success && isStorableInstant(new Date(value as string));

const DECIMAL = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** JSON has numbers beyond the range of a double, which are read as Infinity. */
const numberFault: Check = (value) => {
  if (typeof value !== "number" && !(typeof value === "string" && DECIMAL.test(value)))
    return "must be a number";
  return Number.isFinite(Number(value)) ? null : "is out of range";
};

function isFiniteJson(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isFiniteJson);
}

function wholeNumber(bits: number): Check {
  const most = 2n ** BigInt(bits - 1) - 1n;
  return (value) => {
    if (!Number.isSafeInteger(value) && !(typeof value === "string" && /^-?\d{1,19}$/.test(value)))
      return "must be a whole number; write one above 2^53 as a string";
    const number = BigInt(value as string | number);
    return number <= most && number >= -most - 1n ? null : `must be a whole number of ${bits} bits`;
  };
}

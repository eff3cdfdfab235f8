import { isLosslessNumber, parse } from "lossless-json";
import { decodeUtf8, readJson } from "../foreign-json.ts";
import { foreignId, isPlainText } from "../foreign-text.ts";
import { parseAmountMicro } from "../scoring/money.ts";

/** A sale as the seller sent it, with every value checked. No number has passed through a float. */
type WrittenSale = {
  readonly externalId: string;
  /** A buyer number, or the host's id of the user as a text (number-buyer.ts). */
  readonly buyerUserId: string;
  readonly amountMicro: bigint;
  readonly currency: string;
  readonly soldAt: Date;
  /** True when the seller gave no time, so `soldAt` is the time of arrival. */
  readonly timeAssumed: boolean;
};

/** The fault of one field, in words that the sender can act on. Field `body` is the whole body. */
export type SaleFault = { readonly field: string; readonly fault: string };

export type ReadSale =
  | { readonly kind: "sale"; readonly sale: WrittenSale }
  | { readonly kind: "faults"; readonly faults: SaleFault[] };

/** The only accepted currency. */
const SALE_CURRENCY = "SCICENT";

const MAX_TRANSACTION_ID_LENGTH = 255;
const MAX_CLOCK_SKEW_MS = 5 * 60_000;
/** Digits only: `1.0` and `1e3` have the right value, but no sender writes an id like that. */
const WHOLE_NUMBER = /^[1-9][0-9]{0,15}$/;
const INSTANT =
  /^([1-9]\d{3})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

export type Field<T> = { readonly value: T } | { readonly fault: string };

/**
 * Reads the body of a sale: `{ user_id, amount, transaction_id, currency?, timestamp? }`.
 *
 * `receivedAt` replaces a missing timestamp. Unknown fields are ignored, so that the seller can add some;
 * `null` in an optional field counts as missing. Lists every fault, not only the first. Pure; never throws.
 * Documented in docs/webhooks.md.
 */
export function readSale(raw: Buffer, receivedAt: Date): ReadSale {
  const { read, faults } = openFields(raw);
  const buyerUserId = read("user_id", readUserId);
  const amountMicro = read("amount", readAmount);
  const externalId = read("transaction_id", readTransactionId);
  const currency = read("currency", readCurrency);
  const time = read("timestamp", (value) => readTimestamp(value, receivedAt));
  if (faults.length > 0) return { kind: "faults", faults };
  // Without faults every field was read.
  return { kind: "sale", sale: { externalId, buyerUserId, amountMicro, currency, ...time } as WrittenSale };
}

/** The fields of a body, and the faults of those that have been read. */
export type Fields = {
  /** @returns undefined when the field has a fault, or the body cannot be read. */
  read<T>(name: string, check: (value: unknown) => Field<T>): T | undefined;
  readonly faults: SaleFault[];
};

/** Parses the body of a signed call. If it cannot be read, that is one fault of the field `body`. */
export function openFields(raw: Buffer): Fields {
  const body = readObject(raw);
  if ("fault" in body) return { read: () => undefined, faults: [{ field: "body", fault: body.fault }] };
  const faults: SaleFault[] = [];
  return {
    faults,
    read(name, check) {
      const field = check(Object.hasOwn(body.value, name) ? body.value[name] : undefined);
      if ("value" in field) return field.value;
      faults.push({ field: name, fault: field.fault });
      return undefined;
    },
  };
}

function readObject(raw: Buffer): Field<Record<string, unknown>> {
  const decoded = decodeUtf8(raw);
  if ("fault" in decoded) return decoded;
  const read = readJson(decoded.text);
  if ("fault" in read) return read;
  // Text that cannot be stored is a fault of its field, if that field is read at all.
  const ambiguous = read.faults.find(({ kind }) => kind !== "text");
  if (ambiguous) return { fault: ambiguous.fault };
  // Parsed a second time, because numbers must not pass through a float.
  const value = parse(decoded.text);
  if (typeof value !== "object" || value === null || Array.isArray(value) || isLosslessNumber(value))
    return { fault: "is not a JSON object" };
  return { value: value as Record<string, unknown> };
}

const buyerId = foreignId();

function readUserId(value: unknown): Field<string> {
  if (value === undefined) return { fault: "is missing" };
  if (typeof value === "string") {
    const read = buyerId.safeParse(value);
    return read.success ? { value } : { fault: "must be an id of 1 to 255 plain characters" };
  }
  if (!isLosslessNumber(value)) return { fault: "must be a whole number or a string" };
  const text = value.toString();
  if (!WHOLE_NUMBER.test(text) || BigInt(text) > BigInt(Number.MAX_SAFE_INTEGER)) {
    return { fault: `must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, in digits only` };
  }
  return { value: text };
}

export function readAmount(value: unknown): Field<bigint> {
  if (value === undefined) return { fault: "is missing" };
  if (!isLosslessNumber(value)) return { fault: "must be a JSON number, not a string" };
  const parsed = parseAmountMicro(value.toString());
  if (parsed.kind === "amount") return { value: parsed.amountMicro };
  // The name of the field is reported separately.
  return { fault: parsed.fault.replace(/^amount /, "") };
}

export function readTransactionId(value: unknown): Field<string> {
  if (value === undefined) return { fault: "is missing" };
  if (typeof value !== "string") return { fault: "must be a string" };
  if (value === "") return { fault: "must not be empty" };
  // Surrogate pairs count as one; the first comparison avoids counting strings that are far too long.
  if (value.length > 2 * MAX_TRANSACTION_ID_LENGTH || [...value].length > MAX_TRANSACTION_ID_LENGTH) {
    return { fault: `must not be longer than ${MAX_TRANSACTION_ID_LENGTH} characters` };
  }
  if (!isPlainText(value)) return { fault: "must not contain control characters or lone surrogates" };
  return { value };
}

function readCurrency(value: unknown): Field<string> {
  if (value === undefined || value === null || value === SALE_CURRENCY) return { value: SALE_CURRENCY };
  return { fault: `must be "${SALE_CURRENCY}"` };
}

function readTimestamp(value: unknown, receivedAt: Date): Field<Pick<WrittenSale, "soldAt" | "timeAssumed">> {
  if (value === undefined || value === null) return { value: { soldAt: receivedAt, timeAssumed: true } };
  const match = typeof value === "string" ? INSTANT.exec(value) : null;
  if (match === null || !isCalendarDay(Number(match[1]), Number(match[2]), Number(match[3]))) {
    return { fault: "must be an ISO 8601 instant with an offset, such as 2026-03-08T02:00:00Z" };
  }
  const soldAt = new Date(match[0]);
  if (soldAt.getTime() > receivedAt.getTime() + MAX_CLOCK_SKEW_MS) {
    return { fault: "must not be more than 5 minutes in the future" };
  }
  return { value: { soldAt, timeAssumed: false } };
}

/** `Date` reads 30 February as 2 March. */
function isCalendarDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

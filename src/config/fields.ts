import { z } from "zod";
import { parseAmountMicro } from "../scoring/money.ts";

/** An empty variable is one that was not set: compose files and .env files write them so. */
const text = z
  .string()
  .trim()
  .transform((value) => (value === "" ? undefined : value));
export const optional = text.optional();

export const whole = (fallback: number, min: number, max: number) =>
  optional.transform((value, context) => {
    const n = value === undefined ? fallback : Number(value);
    if (Number.isInteger(n) && n >= min && n <= max) return n;
    context.addIssue({ code: "custom", message: `must be a whole number from ${min} to ${max}` });
    return z.NEVER;
  });

export const yesNo = optional.transform((value, context) => {
  if (value === undefined || /^(false|0|no|off)$/i.test(value)) return false;
  if (/^(true|1|yes|on)$/i.test(value)) return true;
  context.addIssue({ code: "custom", message: "must be true or false" });
  return z.NEVER;
});

export const listOf = <T extends string>(allowed: readonly T[]) =>
  optional.transform((value, context): T[] => {
    if (value === undefined) return [...allowed];
    const names = value
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean);
    const unknown = names.filter((name) => !allowed.includes(name as T));
    if (unknown.length === 0 && names.length > 0) return [...new Set(names as T[])];
    context.addIssue({
      code: "custom",
      message: `must be a list of: ${allowed.join(", ")}${unknown.length ? ` (not ${unknown.join(", ")})` : ""}`,
    });
    return z.NEVER;
  });

export const tokens = (fallback: string, options: { min?: string } = {}) =>
  optional.transform((value, context): bigint => {
    const parsed = parseAmountMicro(value ?? fallback);
    if (parsed.kind === "fault") {
      context.addIssue({ code: "custom", message: `must be an amount of tokens: ${parsed.fault}` });
      return z.NEVER;
    }
    const least = options.min === undefined ? null : parseAmountMicro(options.min);
    if (least?.kind === "amount" && parsed.amountMicro < least.amountMicro) {
      context.addIssue({ code: "custom", message: `must be at least ${options.min}` });
      return z.NEVER;
    }
    return parsed.amountMicro;
  });

/** A pool may be 0: then the period is recorded and nobody is paid. */
export const pool = (fallback: string) =>
  optional.transform((value, context): bigint => {
    const written = value ?? fallback;
    if (/^0+(\.0+)?$/.test(written)) return 0n;
    const parsed = parseAmountMicro(written);
    if (parsed.kind === "amount") return parsed.amountMicro;
    context.addIssue({ code: "custom", message: `must be 0 or an amount of tokens: ${parsed.fault}` });
    return z.NEVER;
  });

export const multiplier = (fallback: string) =>
  optional.transform((value, context): number => {
    const written = value ?? fallback;
    const hundredths = Math.round(Number(written) * 100);
    if (/^\d{1,3}(\.\d{1,2})?$/.test(written) && hundredths >= 100) return hundredths;
    context.addIssue({
      code: "custom",
      message: "must be a number from 1 to 999.99 with at most 2 decimals",
    });
    return z.NEVER;
  });

/** A number from 0 to 1. */
export const share = (fallback: string) =>
  optional.transform((value, context): number => {
    const written = value ?? fallback;
    if (/^(0|1|0?\.\d{1,6}|[01]\.0*|0\.\d{1,6})$/.test(written)) return Number(written);
    context.addIssue({ code: "custom", message: "must be a number from 0 to 1 with at most 6 decimals" });
    return z.NEVER;
  });

/** A user of the host platform, by number or by public uuid. */
export const eitherId = (fallback: string) =>
  optional.transform((value, context): string => {
    const id = (value ?? fallback).toLowerCase();
    if (/^(0|[1-9]\d{0,17}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(id)) return id;
    context.addIssue({ code: "custom", message: "must be the number or the public uuid of a user" });
    return z.NEVER;
  });

export const url = (protocols: readonly string[]) =>
  optional.transform((value, context) => {
    if (value === undefined) return undefined;
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol.slice(0, -1))) return value;
    context.addIssue({
      code: "custom",
      message: `must be a URL that begins with ${protocols.map((p) => `${p}://`).join(" or ")}`,
    });
    return z.NEVER;
  });

export const rates = optional.transform((value, context): number[] => {
  const parts = (value ?? "1000,800,600,400,200").split(",").map((part) => Number(part.trim()));
  const total = parts.reduce((sum, rate) => sum + rate, 0);
  if (
    parts.length >= 1 &&
    parts.length <= 5 &&
    parts.every((r) => Number.isInteger(r) && r >= 0) &&
    total <= 10_000
  )
    return parts;
  context.addIssue({
    code: "custom",
    message: "must be one to five whole numbers of basis points that add up to at most 10000",
  });
  return z.NEVER;
});

export const timeZone = (fallback: string) =>
  optional.transform((value, context) => {
    const zone = value ?? fallback;
    try {
      new Intl.DateTimeFormat("en", { timeZone: zone });
      return zone;
    } catch {
      context.addIssue({
        code: "custom",
        message: `must be an IANA time zone, such as Europe/Berlin (not ${zone})`,
      });
      return z.NEVER;
    }
  });

export const level = optional.transform((value, context) => {
  const name = (value ?? "info").toLowerCase();
  if (["trace", "debug", "info", "warn", "error", "fatal", "silent"].includes(name)) return name;
  context.addIssue({
    code: "custom",
    message: "must be one of: trace, debug, info, warn, error, fatal, silent",
  });
  return z.NEVER;
});

export const secrets = optional.transform((value) =>
  (value ?? "")
    .split(",")
    .map((secret) => secret.trim())
    .filter(Boolean),
);

/** `address` or `Name <address>`, on one line: it becomes a header. */
export const mailbox = optional.transform((value, context) => {
  if (value === undefined) return undefined;
  if (/^([^<>\r\n"]+ )?<[^\s<>@]+@[^\s<>@]+>$|^[^\s<>@]+@[^\s<>@]+$/.test(value)) return value;
  context.addIssue({ code: "custom", message: "must be an address, or Name <address>" });
  return z.NEVER;
});

/** An address that paths are appended to: without a slash at the end, a query or a fragment. */
export const publicUrl = optional.transform((value, context) => {
  const address = value ?? "http://localhost:3000";
  if (/^https?:\/\/[^\s?#]+$/.test(address) && URL.canParse(address)) return address.replace(/\/+$/, "");
  context.addIssue({ code: "custom", message: "must be a URL that begins with https:// or http://" });
  return z.NEVER;
});

const KEY_BYTES = 32;

/** Keys for what is encrypted at rest, the newest first: each is 32 bytes, as 64 hex digits or in base64. */
export const encryptionKeys = optional.transform((value, context): Buffer[] => {
  const written = (value ?? "").split(",").flatMap((key) => key.trim() || []);
  const keys = written.map((key) => Buffer.from(key, /^[0-9a-f]{64}$/i.test(key) ? "hex" : "base64"));
  if (keys.every((key) => key.length === KEY_BYTES)) return keys;
  context.addIssue({
    code: "custom",
    message: "must be keys of 32 bytes, in hex or base64 (openssl rand -hex 32), the newest first",
  });
  return z.NEVER;
});

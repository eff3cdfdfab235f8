import type { Request, Response } from "express";
import { z } from "zod";
import { type ErrorBody, sendError } from "./error-response.ts";

/** Parses the query with a schema. @returns null after sending 422 with the list of faults. */
export function validateQuery<T>(schema: z.ZodType<T>, req: Request, res: Response): T | null {
  const parsed = schema.safeParse(req.query);
  if (parsed.success) return parsed.data;
  sendFaults(res, "bad-query", faultsOf(parsed.error, "query"));
  return null;
}

/**
 * Parses the body with a schema, behind `express.json`. A missing body, or one without a JSON content type,
 * is rejected.
 * @returns null after sending 415, or 422 with `code` and the list of faults.
 */
export function validateBody<T>(schema: z.ZodType<T>, req: Request, res: Response, code: string): T | null {
  if (req.body === undefined) {
    const message = "Send a JSON body with Content-Type: application/json.";
    sendError(res, 415, { code: "not-json", message });
    return null;
  }
  const parsed = schema.safeParse(req.body);
  if (parsed.success) return parsed.data;
  sendFaults(res, code, faultsOf(parsed.error, "body"));
  return null;
}

/** Sends 422 with the list of faults. */
export const sendFaults = (res: Response, code: string, faults: NonNullable<ErrorBody["faults"]>): void =>
  sendError(res, 422, { code, message: "Fix the errors and try again.", faults });

const faultsOf = ({ issues }: z.ZodError, whole: string) =>
  issues.map(({ path, message }) => ({ field: path.join(".") || whole, fault: message }));

/** A schema for an integer in a query. */
export function integerField(least: number, most: number) {
  const fault = `must be a whole number from ${least} to ${most}`;
  return z.coerce
    .number(fault)
    .refine((n) => Number.isInteger(n) && n >= least && n <= most, fault)
    .meta({ type: "integer", minimum: least, maximum: most });
}

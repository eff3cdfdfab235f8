import type { Request, Response } from "express";
import { z } from "zod";
import { refuse } from "./error-response.ts";

/** What stands behind the question mark, read by a schema. @returns null when it was refused with 422 and the list of faults. */
export function readQuery<T>(schema: z.ZodType<T>, req: Request, res: Response): T | null {
  const parsed = schema.safeParse(req.query);
  if (parsed.success) return parsed.data;
  const message = "Mend the faults and ask again.";
  refuse(res, 422, { code: "bad-query", message, faults: faultsOf(parsed.error, "query") });
  return null;
}

/**
 * The body that `express.json` has parsed, read by a schema. No body, or one that is not said to be JSON, is refused before it is taken
 * for an empty one. @returns null when it was refused: with 415, or with 422, `code` and the list of faults.
 */
export function readBody<T>(schema: z.ZodType<T>, req: Request, res: Response, code: string): T | null {
  if (req.body === undefined) {
    const message = "Send a body of JSON, with Content-Type: application/json.";
    refuse(res, 415, { code: "not-json", message });
    return null;
  }
  const parsed = schema.safeParse(req.body);
  if (parsed.success) return parsed.data;
  const message = "Mend the faults and send it again.";
  refuse(res, 422, { code, message, faults: faultsOf(parsed.error, "body") });
  return null;
}

const faultsOf = ({ issues }: z.ZodError, whole: string) =>
  issues.map(({ path, message }) => ({ field: path.join(".") || whole, fault: message }));

/** A whole number of a query. */
export function wholeField(least: number, most: number) {
  const fault = `must be a whole number from ${least} to ${most}`;
  return z.coerce.number(fault).refine((n) => Number.isInteger(n) && n >= least && n <= most, fault);
}

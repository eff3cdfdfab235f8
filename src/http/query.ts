import type { Request, Response } from "express";
import type { z } from "zod";
import { refuse } from "./answers.ts";

/** What stands behind the question mark, read by a schema. @returns null when it was refused with 422 and the list of faults. */
export function readQuery<T>(schema: z.ZodType<T>, req: Request, res: Response): T | null {
  const parsed = schema.safeParse(req.query);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => ({
    field: issue.path.join(".") || "query",
    fault: issue.message,
  }));
  refuse(res, 422, { code: "bad-query", message: "Mend the faults and ask again.", faults });
  return null;
}

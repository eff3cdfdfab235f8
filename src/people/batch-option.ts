import { z } from "zod";

/**
 * An option that sets how many users are taken at a time.
 *
 * @param the operation on a batch, for the help text.
 * @param usual the default, which the job applies.
 * @param most the largest that fits in the time of a transaction.
 */
export const batchOption = (
  what: string,
  { usual, most }: { readonly usual: number; readonly most: number },
) => z.int().min(1).max(most).optional().describe(`${what} (default: ${usual})`);

import { z } from "zod";
import type { ListRef } from "../config/postings.ts";
import { UnreadableList } from "../ports/postings/posting-source.ts";
import type { ReadList } from "../ports/postings/postings-port.ts";
import { FetchFailed } from "../ports/requests/fetch-failed.ts";
import type { ComputeContext } from "../queues/job.ts";
import { readListing } from "./listings.ts";

/** A list to be fetched. */
export const listRange = z.object({ source: z.string(), board: z.string() });

/** A fault affects only its own list. */
export type FailedList = {
  readonly kind: "failed";
  readonly fault: string;
  readonly retryAfterMs: number | null;
};
export type FetchedList = ReadList | FailedList;

/** Reads a list; null in a dry run. No transaction is open: hosts may take their time. */
export async function fetchList(list: ListRef, context: ComputeContext): Promise<FetchedList | null> {
  const listing = await context.read((tx) => readListing(tx, list, false));
  return context.fetch(list, async ({ postings }): Promise<FetchedList> => {
    if (postings === null) return failed("not-configured");
    try {
      return await postings.read(list, listing?.validators ?? null, context.signal);
    } catch (error) {
      context.signal.throwIfAborted();
      if (error instanceof FetchFailed) return failed(error.fault, error.retryAfterMs);
      if (error instanceof UnreadableList) return failed(error.message);
      throw error;
    }
  });
}

const failed = (fault: string, retryAfterMs: number | null = null): FailedList => ({
  kind: "failed",
  fault,
  retryAfterMs,
});

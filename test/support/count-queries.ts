import pg from "pg";
import { vi } from "vitest";

/** Counts the statements that are sent to Postgres meanwhile, by whatever connection. */
export async function countQueries(work: () => Promise<unknown>): Promise<number> {
  const spy = vi.spyOn(pg.Client.prototype, "query");
  try {
    await work();
    return spy.mock.calls.length;
  } finally {
    spy.mockRestore();
  }
}

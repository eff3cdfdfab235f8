import { PAGES } from "../../src/http/admin/pages.ts";
import { signIn } from "./open-dashboards.ts";

/** Pages with a filter or of one thing, beside those that the navigation leads to. */
const OTHERS = [
  "/queue/matching?span=1+day",
  "/jobs/trending",
  "/jobs/calculate-matches",
  "/runs/50",
  "/runs?job=calculate-matches&status=failed",
  "/work/1",
  "/work?job=trending&state=dead",
  "/work?field=userId&value=5",
  "/work/bulk?job=trending&action=retry",
  "/work/retries/1",
  "/notifications?within=30+days&channel=email&decision=skipped",
  "/dead-letters?job=trending",
  "/notifications/why?user=5",
  "/notifications/why?event=5",
  "/notifications/why?user=5&event=1",
  "/people/5",
  "/people/5/rewards",
  "/people/5/matches",
  "/people/5/recommendations",
  "/people/5/pairs",
  "/feeds/5",
  "/sales/1",
  "/budgets/1",
  "/explain?kind=commission&id=1",
  "/explain?kind=award&id=1",
  "/audit?actor=ada&within=7+days",
  "/audit?action=jobs.start",
  "/audit?subject=outbox%3A7",
  "/emails/digest-daily",
];

/** The paths that `readPages` reads, below /admin. */
export const READ_PATHS: readonly string[] = [...PAGES.map((page) => page.path), ...OTHERS];

/** The other routes below /admin that answer to GET, with why `readPages` leaves them out. */
export const NOT_READ: Readonly<Record<string, string>> = {
  "/login": "reads no table but that of ended sessions, and redirects whoever has signed in",
  "/stream": "does not end; the open dashboards of the benchmark follow it",
  "/assets/:file": "reads no table",
  "/emails/:name/html": "a part of /emails/:name",
  "/emails/:name/text": "a part of /emails/:name",
  "/feeds/media/:id": "sends a file of the media store",
  "/api/explain/:kind/:id": "what /explain shows, as JSON",
  "/api/holds": "what /sales shows, as JSON",
};

const READS = 3;

/** How long a page took, as its reader waits. */
export type PageRead = { readonly path: string; readonly ms: number };

/**
 * Reads every page of the dashboard one after the other, and each three times: the median counts.
 *
 * @throws Error if one is not answered with 200.
 */
export async function readPages(port: number): Promise<PageRead[]> {
  const cookie = await signIn(port);
  const read: PageRead[] = [];
  for (const path of READ_PATHS) {
    const times: number[] = [];
    for (let n = 0; n < READS; n++) times.push(await timeOf(`http://127.0.0.1:${port}/admin${path}`, cookie));
    read.push({ path, ms: times.sort((a, b) => a - b)[1] ?? Number.NaN });
  }
  return read.sort((a, b) => b.ms - a.ms);
}

async function timeOf(url: string, cookie: string): Promise<number> {
  const startedAt = performance.now();
  const answer = await fetch(url, { headers: { cookie } });
  await answer.text();
  if (answer.status !== 200) throw new Error(`${url} was answered with ${answer.status}`);
  return performance.now() - startedAt;
}

import { onTestFinished } from "vitest";
import { outsideServer } from "./outside.ts";

/**
 * A fake seller of tokens: a small HTTP server that lists the sales of the test from the time that it is
 * asked for, at most `pageSize`, or fails as the test asks.
 */
export async function fakeSeller() {
  const state = {
    sales: [] as string[],
    misbehave: [] as ("429" | "500" | "hang" | "drop" | "nonsense")[],
    requests: [] as string[],
    keys: [] as (string | undefined)[],
    pageSize: Number.POSITIVE_INFINITY,
  };
  const server = await outsideServer((_body, response, request) => {
    state.requests.push(request.url ?? "");
    state.keys.push(request.headers.authorization);
    const fault = state.misbehave.shift();
    if (fault === "hang") return;
    if (fault === "drop") return void request.socket.destroy();
    if (fault === "429" || fault === "500") response.statusCode = Number(fault);
    response.setHeader("content-type", "application/json");
    const sales = listedSince(state.sales, request.url ?? "").slice(0, state.pageSize);
    response.end(fault === "nonsense" ? "<html>" : `{"sales":[${sales.join(",")}]}`);
  });
  onTestFinished(() => server.close());
  return Object.assign(state, { url: server.url });
}

/** Sales without a time are always listed. */
function listedSince(sales: readonly string[], url: string): string[] {
  const since = new URL(url, "http://seller").searchParams.get("since") ?? "";
  const timeOf = (sale: string) => /"timestamp":"([^"]+)"/.exec(sale)?.[1];
  return sales.filter((sale) => Date.parse(timeOf(sale) ?? since) >= Date.parse(since));
}

import { onTestFinished } from "vitest";
import { outsideServer } from "./outside.ts";

/**
 * A fake seller of tokens: a small HTTP server that lists the sales of the test, or fails as the test asks.
 */
export async function fakeSeller() {
  const state = {
    sales: [] as string[],
    misbehave: [] as ("429" | "500" | "hang" | "drop" | "nonsense")[],
    asked: [] as string[],
    keys: [] as (string | undefined)[],
  };
  const server = await outsideServer((_body, response, request) => {
    state.asked.push(request.url ?? "");
    state.keys.push(request.headers.authorization);
    const fault = state.misbehave.shift();
    if (fault === "hang") return;
    if (fault === "drop") return void request.socket.destroy();
    if (fault === "429" || fault === "500") response.statusCode = Number(fault);
    response.setHeader("content-type", "application/json");
    response.end(fault === "nonsense" ? "<html>" : `{"sales":[${state.sales.join(",")}]}`);
  });
  onTestFinished(() => server.close());
  return Object.assign(state, { url: server.url });
}

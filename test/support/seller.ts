import { onTestFinished } from "vitest";
import { outsideServer } from "./outside.ts";

/** The seller of the tokens, as a small server: it lists the sales that the test gives it, or misbehaves as told. */
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

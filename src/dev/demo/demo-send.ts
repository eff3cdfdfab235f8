import type { WebhookCall } from "./webhook-calls.ts";

/** A response of the webhook, and how long it took. */
export type WebhookAnswer = { readonly code: number; readonly status: string; readonly tookMs: number };

const SENDERS = 16;

/**
 * Sends all calls over HTTP, 16 at a time. A call that repeats another waits for the response to that one.
 */
export async function sendCalls(url: string, calls: readonly WebhookCall[]): Promise<WebhookAnswer[]> {
  const answers: Promise<WebhookAnswer>[] = [];
  const settled: WebhookAnswer[] = [];
  let next = 0;
  const sender = async () => {
    for (let index = next++; index < calls.length; index = next++) {
      const call = calls[index] as WebhookCall;
      const answer = answerTo(url, call, call.after === null ? null : answers[call.after]);
      answers[index] = answer;
      settled[index] = await answer;
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return settled;
}

async function answerTo(
  url: string,
  call: WebhookCall,
  first: Promise<WebhookAnswer> | null | undefined,
): Promise<WebhookAnswer> {
  await first;
  const startedMs = performance.now();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-scicent-signature": call.signature },
    body: call.body,
  });
  const answer = (await response.json()) as { status?: string; error?: { code?: string } };
  return {
    code: response.status,
    status: answer.error?.code ?? answer.status ?? "",
    tookMs: performance.now() - startedMs,
  };
}

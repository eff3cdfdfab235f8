import type { Delivery } from "./demo-deliveries.ts";

/** What the webhook answered, and after how long. */
export type Answer = { readonly code: number; readonly status: string; readonly tookMs: number };

const SENDERS = 16;

/** Sends every delivery over HTTP, sixteen at a time; one that repeats another waits for the answer to that one. */
export async function sendDeliveries(url: string, deliveries: readonly Delivery[]): Promise<Answer[]> {
  const answers: Promise<Answer>[] = [];
  const settled: Answer[] = [];
  let next = 0;
  const sender = async () => {
    for (let index = next++; index < deliveries.length; index = next++) {
      const delivery = deliveries[index] as Delivery;
      const answer = answerTo(url, delivery, delivery.after === null ? null : answers[delivery.after]);
      answers[index] = answer;
      settled[index] = await answer;
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return settled;
}

async function answerTo(
  url: string,
  delivery: Delivery,
  first: Promise<Answer> | null | undefined,
): Promise<Answer> {
  await first;
  const startedMs = performance.now();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-scicent-signature": delivery.signature },
    body: delivery.body,
  });
  const answer = (await response.json()) as { status?: string; error?: { code?: string } };
  return {
    code: response.status,
    status: answer.error?.code ?? answer.status ?? "",
    tookMs: performance.now() - startedMs,
  };
}

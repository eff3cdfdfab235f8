import type { ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { outsideServer } from "./outside.ts";

type Body = { readonly model: string; readonly input: readonly string[] };

/** A vector of eight numbers: how often each of some words occurs, and a small constant. */
const WORDS = ["python", "developer", "nursing", "nurse", "data", "welder", "docker"];
export const vectorOf = (text: string): number[] => [
  0.1,
  ...WORDS.map((word) => text.toLowerCase().split(word).length - 1),
];

/** A usual answer of the endpoint. */
export const answered = (vectors: readonly unknown[]) => ({
  object: "list",
  data: vectors.map((embedding, index) => ({ object: "embedding", index, embedding })),
});

/** Answers with a status and no document. */
export function failWith(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
): null {
  response.writeHead(status, headers).end();
  return null;
}

/**
 * An endpoint with the API of OpenAI: counts words. `answer` may replace the document, or answer by itself
 * and return null.
 */
export async function fakeEmbeddings() {
  const state = {
    /** Texts of each request, in order. */
    requests: [] as (readonly string[])[],
    headers: [] as Readonly<Record<string, unknown>>[],
    answer: (body: Body, _response: ServerResponse): unknown => answered(body.input.map(vectorOf)),
  };
  const server = await outsideServer((raw, response, request) => {
    const body = JSON.parse(raw) as Body;
    state.requests.push(body.input);
    state.headers.push(request.headers);
    const document = request.url === "/v1/embeddings" ? state.answer(body, response) : null;
    if (document === null) {
      if (!response.headersSent && request.url !== "/v1/embeddings") response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": "application/json" });
    response.end(typeof document === "string" ? document : JSON.stringify(document));
  });
  onTestFinished(() => server.close());
  return Object.assign(state, {
    url: `${server.url}/v1`,
    /** The variables that lead to it. */
    environment: {
      EMBEDDINGS_URL: `${server.url}/v1`,
      EMBEDDINGS_API_KEY: "secret",
      EMBEDDINGS_MODEL: "words.1",
      EMBEDDINGS_ALLOW_PRIVATE: "true",
    },
    /** All texts that were sent. */
    sent: () => state.requests.flat(),
  });
}

import { describe, expect, it } from "vitest";
import type { EmbeddingsConfig } from "../../src/config/embeddings.ts";
import { type EmbeddingsOptions, embeddingsPort } from "../../src/ports/embeddings.ts";
import type { FetchRecords } from "../../src/ports/requests/fetch-records.ts";
import { answered, failWith, fakeEmbeddings, vectorOf } from "../support/embeddings.ts";

const NEVER = new AbortController().signal;

function records(): FetchRecords {
  let used = 0;
  return {
    async takeRequest(_name, perDay, _now, count = 1) {
      if (used + count > perDay) return false;
      used += count;
      return true;
    },
    readRobots: async () => null,
    storeRobots: async () => undefined,
  };
}

const portOf = (
  url: string,
  config: Partial<EmbeddingsConfig> = {},
  options: Partial<EmbeddingsOptions> = {},
) =>
  embeddingsPort({
    config: {
      url,
      apiKey: "secret",
      model: "words.1",
      textsPerDay: 100,
      textsPerRequest: 2,
      allowPrivate: true,
      ...config,
    },
    records: records(),
    clock: { now: () => new Date() },
    retryBaseMs: 1,
    ...options,
  });

const float = (vector: readonly number[]) => Float32Array.from(vector);
const TEXTS = ["python", "nurse", "data"];

describe("embeddings port", () => {
  it("sends texts in batches, with the key and the model, and returns their vectors in order", async () => {
    const endpoint = await fakeEmbeddings();
    // Out of order, as the API allows.
    const { answer } = endpoint;
    endpoint.answer = (body, response) => {
      const document = answer(body, response) as { data: unknown[] };
      return { ...document, data: [...document.data].reverse() };
    };
    const { vectors, fault } = await portOf(endpoint.url).embed(TEXTS, null, NEVER);
    expect(fault).toBeNull();
    expect(vectors).toEqual(TEXTS.map((text) => float(vectorOf(text))));
    expect(endpoint.requests).toEqual([["python", "nurse"], ["data"]]);
    expect(endpoint.headers[0]).toMatchObject({ authorization: "Bearer secret" });
  });

  it.each<[string, unknown, string]>([
    ["too few vectors", answered([[1, 2]]), "wrong-number-of-vectors"],
    [
      "one index twice",
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 0, embedding: [1] },
        ],
      },
      "wrong-number-of-vectors",
    ],
    [
      "an index beyond the last",
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 2, embedding: [1] },
        ],
      },
      "wrong-number-of-vectors",
    ],
    [
      "null for a number",
      answered([
        [1, null],
        [1, 2],
      ]),
      "not-a-vector",
    ],
    [
      "a number beyond all floats",
      '{"data":[{"index":0,"embedding":[1e999]},{"index":1,"embedding":[1]}]}',
      "not-a-vector",
    ],
    ["a number beyond single precision", answered([[1e300], [1]]), "not-a-vector"],
    [
      "zeros",
      answered([
        [0, 0],
        [1, 2],
      ]),
      "not-a-vector",
    ],
    ["NaN, which is no JSON", '{"data":[{"index":0,"embedding":[NaN]}]}', "unreadable"],
    [
      "vectors of two lengths",
      answered([
        [1, 2],
        [1, 2, 3],
      ]),
      "other-dimension",
    ],
    ["something else", { error: "no" }, "unreadable"],
  ])("uses no vector of a batch with %s", async (_what, document, fault) => {
    const endpoint = await fakeEmbeddings();
    endpoint.answer = () => document;
    expect(await portOf(endpoint.url).embed(["a", "b"], null, NEVER)).toEqual({ vectors: [], fault });
  });

  it("refuses vectors of another length than those that are stored", async () => {
    const endpoint = await fakeEmbeddings();
    const { fault } = await portOf(endpoint.url).embed(TEXTS, 3, NEVER);
    expect(fault).toBe("other-dimension");
  });

  it("stops at the batch that fails, and keeps those before it", async () => {
    const endpoint = await fakeEmbeddings();
    const { answer } = endpoint;
    endpoint.answer = (body, response) =>
      body.input.includes("data") ? failWith(response, 400) : answer(body, response);
    const { vectors, fault } = await portOf(endpoint.url).embed([...TEXTS, "x", "y"], null, NEVER);
    expect({ vectors: vectors.length, fault, requests: endpoint.requests.length }).toEqual({
      vectors: 2,
      fault: "status-400",
      requests: 2,
    });
  });

  it("tries again after 429 and 500, and gives up after three attempts", async () => {
    const endpoint = await fakeEmbeddings();
    const { answer } = endpoint;
    const statuses = [429, 500];
    endpoint.answer = (body, response) => {
      const status = statuses.shift();
      if (status === undefined) return answer(body, response);
      return failWith(response, status, { "retry-after": "0" });
    };
    expect((await portOf(endpoint.url).embed(["python"], null, NEVER)).fault).toBeNull();
    statuses.push(503, 503, 503, 503);
    expect((await portOf(endpoint.url).embed(["python"], null, NEVER)).fault).toBe("status-503");
    expect(statuses).toEqual([503]);
  });

  it("gives up on an endpoint that hangs, drops the connection, or answers too much", async () => {
    const endpoint = await fakeEmbeddings();
    const limits = { totalMs: 300, maxBytes: 10_000 };
    const faultOf = async () => (await portOf(endpoint.url, {}, { limits }).embed(["a"], null, NEVER)).fault;
    endpoint.answer = () => null;
    expect(await faultOf()).toBe("timeout");
    endpoint.answer = (_body, response) => {
      response.destroy();
      return null;
    };
    expect(await faultOf()).toBe("connection");
    endpoint.answer = () => answered([Array.from({ length: 10_000 }, () => 0.5)]);
    expect(await faultOf()).toBe("too-large");
  });

  it("follows no redirect, since the request carries a key and texts of users", async () => {
    const [endpoint, other] = [await fakeEmbeddings(), await fakeEmbeddings()];
    endpoint.answer = (_body, response) => failWith(response, 307, { location: `${other.url}/embeddings` });
    expect((await portOf(endpoint.url).embed(["a"], null, NEVER)).fault).toBe("status-307");
    expect(other.requests).toEqual([]);
  });

  it("reaches private addresses only where the operator allows it", async () => {
    const endpoint = await fakeEmbeddings();
    const closed = { allowPrivate: false };
    for (const url of [
      endpoint.url,
      "http://2130706433/v1",
      "http://10.0.0.1/v1",
      "http://[::ffff:10.0.0.1]/v1",
    ])
      expect((await portOf(url, closed).embed(["a"], null, NEVER)).fault).toBe("private-address");
    const resolve = async () => [{ address: "192.168.1.1", family: 4 }];
    const named = portOf("http://localhost/v1", closed, { resolve });
    expect((await named.embed(["a"], null, NEVER)).fault).toBe("private-address");
    expect(endpoint.requests).toEqual([]);
  });

  it("sends no more texts a day than the budget", async () => {
    const endpoint = await fakeEmbeddings();
    const port = portOf(endpoint.url, { textsPerDay: 3 });
    const { vectors, fault } = await port.embed(["a", "b", "c", "d"], null, NEVER);
    expect({ vectors: vectors.length, fault }).toEqual({ vectors: 2, fault: "texts-per-day-used" });
    expect(endpoint.sent()).toEqual(["a", "b"]);
  });
});

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

type Value = string | number | boolean;

/** A span as a collector receives it. */
export type ReceivedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly startMs: number;
  readonly endMs: number;
  readonly isError: boolean;
};

/** How it answers: as it should, with 503, or never. */
type Behaviour = "accept" | "refuse" | "hang";

export type OtlpCollector = {
  readonly url: string;
  /** Every span that was received. */
  readonly spans: ReceivedSpan[];
  /** What described the process in the last request. */
  resource(): Readonly<Record<string, Value>>;
  /** The headers of the last request. */
  headers(): Readonly<Record<string, unknown>>;
  requests(): number;
  behave(behaviour: Behaviour): void;
};

type Attribute = {
  key: string;
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean };
};
type SentSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes?: Attribute[];
  links?: { traceId: string; spanId: string }[];
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status?: { code?: number };
};
type Sent = {
  resourceSpans: { resource?: { attributes?: Attribute[] }; scopeSpans: { spans: SentSpan[] }[] }[];
};

const valueIn = ({ stringValue, intValue, doubleValue, boolValue }: Attribute["value"]): Value =>
  stringValue ?? boolValue ?? doubleValue ?? Number(intValue);
const attributesOf = (all: readonly Attribute[] = []): Record<string, Value> =>
  Object.fromEntries(all.map(({ key, value }) => [key, valueIn(value)]));
const milliseconds = (nanoseconds: string): number => Number(BigInt(nanoseconds) / 1_000n) / 1_000;

const received = (span: SentSpan): ReceivedSpan => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId || null,
  name: span.name,
  attributes: attributesOf(span.attributes),
  links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId, spanId })),
  startMs: milliseconds(span.startTimeUnixNano),
  endMs: milliseconds(span.endTimeUnixNano),
  isError: span.status?.code === 2,
});

/** A collector of traces for one test, which speaks OTLP as JSON over HTTP. */
export async function otlpCollector(): Promise<OtlpCollector> {
  const spans: ReceivedSpan[] = [];
  let behaviour: Behaviour = "accept";
  let requests = 0;
  let resource: Record<string, Value> = {};
  let headers: Record<string, unknown> = {};
  const answer = (response: ServerResponse) => {
    if (behaviour === "hang") return;
    response.writeHead(behaviour === "accept" ? 200 : 503, { "Content-Type": "application/json" });
    response.end("{}");
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    requests += 1;
    headers = request.headers;
    if (behaviour === "accept" && request.url === "/v1/traces") {
      const sent = JSON.parse(Buffer.concat(chunks).toString()) as Sent;
      for (const { resource: described, scopeSpans } of sent.resourceSpans) {
        resource = attributesOf(described?.attributes);
        spans.push(...scopeSpans.flatMap((scope) => scope.spans.map(received)));
      }
    }
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    resource: () => resource,
    headers: () => headers,
    requests: () => requests,
    behave: (next) => {
      behaviour = next;
    },
  };
}

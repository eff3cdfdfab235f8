import { expect, it } from "vitest";
import { callWebhook, saleBody } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { otlpCollector } from "../support/otlp-collector.ts";
import { startServiceProcess } from "../support/service-process.ts";
import { referredBuyer } from "../support/trace-scenes.ts";
import { callerContext } from "../support/traced-world.ts";
import { createWorld, SALE_SECRET, serversOf } from "../support/world.ts";

it("a process names traces in its log, and ends cleanly while the collector hangs", async () => {
  const collector = await otlpCollector();
  const world = await createWorld();
  const buyer = await referredBuyer(world);
  const service = await startServiceProcess({
    ...serversOf(world),
    SCICENT_WEBHOOK_SECRET: SALE_SECRET,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  });
  world.closing(() => service.kill());
  const { context, traceId } = callerContext();
  const { status } = await callWebhook(
    `http://127.0.0.1:${service.port}`,
    saleBody({ user_id: buyer.userId }),
    { headers: { traceparent: context } },
  );
  expect(status).toBe(202);
  await eventually(() =>
    expect(collector.spans.map(({ name }) => name)).toContain("carrier distribute-commission"),
  );
  const settled = service
    .lines()
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg, job }) => msg === "carrier settled" && job === "distribute-commission");
  expect(settled).toMatchObject([{ trace_id: traceId }]);
  collector.behave("hang");
  expect(await service.stop()).toBe(0);
});

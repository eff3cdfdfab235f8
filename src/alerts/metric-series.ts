import type { Registry } from "prom-client";
import type { Series } from "./condition.ts";

/** The series of a gauge, as this process knows them. */
export async function seriesOf(registry: Registry, name: string): Promise<Series[]> {
  const { values } = (await registry.getSingleMetric(name)?.get()) ?? { values: [] };
  return values.map(({ labels, value }) => ({
    labels: Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, String(text)])),
    value,
  }));
}

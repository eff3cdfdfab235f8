import { describe, expect, it } from "vitest";
import { carrierCapacity, FRESH, groupEntries, mayShare } from "../../src/queues/carriers.ts";
import { catalogueOf } from "../../src/queues/catalogue.ts";
import { batchJob, singleJob } from "../support/jobs.ts";

const batch = batchJob(undefined, { size: 3 });
const single = singleJob();
const SLOT = "2026-05-01T00:00:00Z";

describe("mayShare", () => {
  it.each([
    ["a fresh entry of a batch job", batch, FRESH, true],
    ["an entry of a job of another form", single, FRESH, false],
    ["an entry of a run", batch, { ...FRESH, run: "7" }, false],
    ["a scheduled entry whose run was deleted", batch, { ...FRESH, slot: SLOT }, false],
    ["an entry that failed before", batch, { ...FRESH, attempts: 1 }, false],
  ])("%s", (_entry, job, entry, expected) => {
    expect(mayShare(job, entry)).toBe(expected);
    expect(carrierCapacity(job, entry)).toBe(expected ? 3 : 1);
  });
});

describe("groupEntries", () => {
  const catalogue = catalogueOf([batch, single]);
  const due = (id: number, job: string, more = {}) => ({
    ...FRESH,
    id: String(id),
    queue: "maintenance" as const,
    job,
    ...more,
  });
  const groups = (entries: Parameters<typeof groupEntries>[0]) =>
    groupEntries(entries, catalogue).map((carrier) => carrier.entries);

  it("fills carriers of a batch job up to its size, whatever lies between the entries", () => {
    const entries = [1, 2, 3, 4].flatMap((n) => [due(n, batch.name), due(10 + n, single.name)]);
    expect(groups(entries)).toEqual([["1", "2", "3"], ["11"], ["12"], ["13"], ["4"], ["14"]]);
  });

  it("gives entries that may not share a carrier each, and passes on why", () => {
    const entries = [
      due(1, batch.name),
      due(2, batch.name, { attempts: 2 }),
      due(3, batch.name, { run: "7", slot: SLOT }),
      due(4, batch.name),
      due(5, "unknown-job"),
    ];
    expect(groups(entries)).toEqual([["1", "4"], ["2"], ["3"], ["5"]]);
    expect(groupEntries(entries, catalogue)).toMatchObject([
      FRESH,
      { run: null, slot: null, attempts: 2 },
      { run: "7", slot: SLOT, attempts: 0 },
      FRESH,
    ]);
  });
});

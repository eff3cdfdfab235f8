import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  jobSections,
  jobTable,
  scheduleTable,
  shortDuration,
  workflowTable,
} from "../../../src/dev/docs/jobs.ts";
import { defineJob } from "../../../src/queues/job.ts";
import { done } from "../../../src/queues/outcome.ts";

const prune = defineJob({
  name: "prune-things",
  formerly: ["drop-things"],
  queue: "maintenance",
  description: "Deletes old things.",
  payload: z.object({ days: z.int().default(365).describe("how many days are kept") }),
  attempts: 3,
  backOff: { baseMs: 60_000, capMs: 7_200_000 },
  timeLimitMs: 1_500,
  key: () => "all",
  batch: { size: 50 },
  runBatch: async (payloads) => payloads.map(() => done()),
});

const nightly = {
  name: "prune-things",
  pattern: "0 3 * * *",
  tz: "UTC",
  job: prune,
  input: { days: 30 },
  misfire: { backfill: 3 },
};

describe("a job on its page", () => {
  it("has a row with its schedule", () => {
    expect(jobTable([prune], [nightly])).toContain(
      "| [`prune-things`](#prune-things) | maintenance | `0 3 * * *` UTC | Deletes old things. |",
    );
    expect(jobTable([prune], [])).toContain("| maintenance | - |");
  });

  it("has a section with its form, its events, its retries and its options", () => {
    expect(jobSections([prune], [nightly], () => ["thing.made"]).split("\n")).toEqual([
      "## Queue maintenance",
      "",
      "### prune-things",
      "",
      "Deletes old things.",
      "",
      "- Form: batch of up to 50, one transaction per batch",
      "- Schedule: `0 3 * * *` UTC",
      "- Enqueued by events: `thing.made`",
      "- Attempts: 3, 1 min to 2 h apart",
      "- Time limit: 1500 ms",
      "- Formerly: `drop-things`",
      "",
      "| Option | Meaning |",
      "| --- | --- |",
      "| `--days <number>` | how many days are kept (default: 365) |",
    ]);
  });

  it("has its schedules with payload and misfire policy", () => {
    expect(scheduleTable([nightly])).toContain(
      '| `prune-things` | `0 3 * * *` UTC | `prune-things` | `{"days":30}` | runs the latest 3 missed slots |',
    );
  });

  it.each([
    [90_000, "90 s"],
    [120_000, "2 min"],
    [86_400_000, "1 d"],
    [250, "250 ms"],
  ])("%d ms is %s", (ms, text) => {
    expect(shortDuration(ms)).toBe(text);
  });
});

it("a workflow has a row with its steps, each linked to its section", () => {
  const later = {
    description: "clean up",
    steps: [{ ...prune, name: "trim" }, prune],
    fullSteps: [{ ...prune, name: "scan" }],
    ofUser: true,
  };
  expect(workflowTable({ tidy: later })).toContain(
    "| `commonwork run tidy --user-id <id>` | clean up | [`trim`](#trim), [`prune-things`](#prune-things), with `--full` [`scan`](#scan) |",
  );
});

import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { QUEUE_NAMES } from "../src/config/queues.ts";
import { catalogueOf } from "../src/queues/catalogue.ts";
import { slotsBetween } from "../src/schedules/slots.ts";
import { timetable } from "../src/schedules/timetable.ts";
import { catalogue } from "../src/workers/index.ts";
import { singleJob } from "./support/jobs.ts";

const workers = fileURLToPath(new URL("../src/workers/", import.meta.url));
const tests = fileURLToPath(new URL("./workers/", import.meta.url));

/** What jobs of a folder share: lists of jobs, and a step of two. */
const SHARED = [
  "maintenance/workflows",
  "notifications/fan-out/notify",
  "notifications/fan-out/subscribers",
  "notifications/host/host-jobs",
];

/** `<queue>/[<area>/]<name>`; the index declares no job. */
const files = readdirSync(workers, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && file.includes("/"))
  .map((file) => file.replace(/\.ts$/, ""))
  .filter((file) => !SHARED.includes(file));
const nameOf = (file: string) => file.split("/").at(-1) as string;

describe("the catalogue", () => {
  it.each(files)("has %s, in the folder of its queue, and a test file beside it", async (file) => {
    const [queue] = file.split("/");
    const job = catalogue.find(nameOf(file))?.job;
    expect(job, `${file} is missing in src/workers/index.ts`).toBeDefined();
    expect(job!.queue).toBe(queue);
    expect(existsSync(`${tests}${file}.test.ts`), `test/workers/${file}.test.ts is missing`).toBe(true);
  });

  it("has a job for each queue, so that no worker serves an empty one", () => {
    expect([...new Set(catalogue.jobs.map(({ queue }) => queue))].sort()).toEqual([...QUEUE_NAMES].sort());
  });

  it("has no job without a file", () => {
    expect(catalogue.jobs.map((job) => job.name).sort()).toEqual(files.map(nameOf).sort());
  });

  it.each(catalogue.jobs.map((job) => [job.name, job] as const))(
    "%s has a description of one sentence",
    (name, job) => {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(job.description).toMatch(/^[A-Z].{20,}\.$/);
      expect(QUEUE_NAMES).toContain(job.queue);
      // Longer than a transaction may live, where something is done while none is open.
      const outlasts = job.form === "outside" || (job.form === "ranged" && job.compute !== undefined);
      expect(job.timeLimitMs).toBeLessThanOrEqual(outlasts ? 600_000 : 5_000);
    },
  );

  it("refuses two jobs with the same name, including former names", () => {
    const former = { ...singleJob(undefined, { name: "new-name" }), formerly: ["note-item"] };
    expect(() => catalogueOf([singleJob(), former])).toThrow(/duplicate job name "note-item"/);
    expect(catalogueOf([former]).find("note-item")?.job.name).toBe("new-name");
  });
});

describe("the timetable", () => {
  it.each(timetable.map((schedule) => [schedule.name, schedule] as const))(
    "%s can be opened",
    (name, schedule) => {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(catalogue.find(schedule.job.name)?.job).toBe(schedule.job);
      expect(schedule.job.payload.safeParse(schedule.input).success).toBe(true);
      const year = [new Date("2026-01-01T00:00:00Z"), new Date("2027-01-01T00:00:00Z")] as const;
      expect(slotsBetween(schedule, ...year).length).toBeGreaterThan(0);
    },
  );

  it("names each schedule once", () => {
    expect(new Set(timetable.map((schedule) => schedule.name)).size).toBe(timetable.length);
  });
});

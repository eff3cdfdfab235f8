import { describe, expect, it } from "vitest";
import { z } from "zod";
import { catalogue } from "../../../../src/workers/index.ts";
import { HOST_JOBS } from "../../../../src/workers/notifications/host/host-jobs.ts";
import { createWorld } from "../../../support/world.ts";

/** The jobs whose declaration lets a host request them. */
const requestable = catalogue.jobs.filter(({ fromHost }) => fromHost !== undefined);
const names = requestable.map(({ name }) => name).sort();

describe("the jobs that a host may request", () => {
  it("are the same in the declarations, in HOST_JOBS and in SQL", async () => {
    const world = await createWorld();
    expect(Object.keys(HOST_JOBS).sort()).toEqual(names);
    expect(
      Object.values(HOST_JOBS)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(names);
    expect(await world.query("select host_jobs() as jobs")).toEqual([{ jobs: names }]);
  });

  it("move no money, erase nothing, release nothing and call nobody", () => {
    expect(requestable.length).toBeGreaterThan(0);
    for (const job of requestable) {
      expect(["matching", "recommendations", "feeds"], job.name).toContain(job.queue);
      expect(job.form, job.name).not.toBe("outside");
      expect(job.name).not.toMatch(
        /commission|budget|sale|ledger|erase|release|reverse|distribute|refund|send|email|cleanup|prune/,
      );
    }
  });

  it.each(requestable.map((job) => [job.name, job] as const))(
    "%s refers to the host's rows by fields that it has",
    (_, job) => {
      const schema = z.toJSONSchema(job.payload, { io: "input", unrepresentable: "any" }) as {
        properties?: object;
      };
      for (const field of Object.keys(job.fromHost ?? {}))
        expect(Object.keys(schema.properties ?? {})).toContain(field);
    },
  );
});

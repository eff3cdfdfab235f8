import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { normalizeArgv } from "../../src/cli/argv.ts";
import { addPayloadFlags, payloadFrom } from "../../src/cli/job-flags.ts";
import { REFERENCE_FIELDS } from "../../src/db/references.ts";
import { defineJob, type Job } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { catalogue } from "../../src/workers/index.ts";

const everyKind: Job = defineJob({
  name: "show-flags",
  queue: "maintenance",
  description: "Has a field of every kind.",
  payload: z.object({
    saleId: z.string().describe("the sale"),
    limit: z.number().int().min(1).default(10).describe("how many"),
    rate: z.number().optional(),
    forReal: z.boolean().optional(),
    period: z.enum(["daily", "weekly"]).optional(),
    levels: z.array(z.number()).optional(),
    options: z.object({ deep: z.boolean() }).optional(),
    actor: z.string().default("cli"),
  }),
  key: () => "all",
  run: async () => done(),
}) as Job;

/** The payload that these arguments give. */
function payloadOf(...argv: string[]): unknown {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addPayloadFlags(command, everyKind);
  command.action(() => undefined).parse(normalizeArgv(argv), { from: "user" });
  return payloadFrom(everyKind, command.opts());
}

describe("payload flags", () => {
  it("convert text to the types of the schema", () => {
    const words = [
      "--saleId=8",
      "--limit",
      "3",
      "--rate=0.5",
      "--for-real",
      "--period=weekly",
      "--levels=1,2",
      "--levels=3",
    ];
    expect(payloadOf(...words, '--options={"deep":true}')).toMatchObject({
      saleId: "8",
      limit: 3,
      rate: 0.5,
      forReal: true,
      period: "weekly",
      levels: [1, 2, 3],
      options: { deep: true },
    });
  });

  it("say that a reference takes the host's id", () => {
    for (const job of catalogue.jobs) {
      const command = new Command();
      addPayloadFlags(command, job);
      for (const option of command.options) {
        if (!(option.attributeName() in REFERENCE_FIELDS)) continue;
        expect(option.description, `${job.name} ${option.flags}`).toContain("the host's id");
      }
    }
  });

  it("leave missing fields to the schema", () => {
    expect(payloadOf("--sale-id", "8")).toEqual({
      saleId: "8",
      limit: 10,
      actor: expect.stringMatching(/^cli:./),
    });
  });

  it("accept an explicit false", () => {
    expect(payloadOf("--sale-id=8", "--for-real=false")).toMatchObject({ forReal: false });
  });

  it("do not accept an actor", () => {
    expect(() => payloadOf("--sale-id=8", "--actor=somebody")).toThrow(/unknown option '--actor'/);
  });

  it("report every invalid flag at once, by its name", () => {
    expect(() => payloadOf("--sale-id=8", "--limit=0", "--rate=fast")).toThrow(/--limit: .*\n\s+--rate: /);
    expect(() => payloadOf("--sale-id=8", "--period=yearly")).toThrow(/Allowed choices are daily, weekly/);
    expect(() => payloadOf("--limit=1")).toThrow(/'--sale-id <text>' is required/);
  });

  it.each(catalogue.jobs.map((job) => [job.name, job] as const))(
    "of %s have help texts and cover every field",
    (_name, job) => {
      const command = new Command();
      addPayloadFlags(command, job);
      const schema = z.toJSONSchema(job.payload, { io: "input", unrepresentable: "any" }) as {
        properties?: object;
      };
      const fields = Object.keys(schema.properties ?? {}).filter((field) => field !== "actor");
      expect(command.options.map((option) => option.attributeName())).toEqual(fields);
      for (const option of command.options) expect(option.description.length).toBeGreaterThan(5);
    },
  );
});

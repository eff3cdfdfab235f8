import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { retryDeadLetters } from "../../src/queues/dead-letters.ts";
import { type CallContext, defineJob, type OutsideJob, type Resumption } from "../../src/queues/job.ts";
import { Cancel, done, NotSent, Snooze } from "../../src/queues/outcome.ts";
import { eventually } from "../support/eventually.ts";
import { gate } from "../support/gate.ts";
import { enqueueIn, type Item, itemPayload, note, noted } from "../support/jobs.ts";
import { createWorld } from "../support/world.ts";

type Steps = {
  /** The answers to the calls; an error is thrown. Afterwards `ok`. */
  answers?: (Error | ((context: CallContext) => Promise<string>))[];
  admit?: () => void;
  resume?: (note: string | null) => Resumption<string>;
};

/** A job whose request is the number of times that it was prepared. */
async function scene({ answers = [], admit, resume }: Steps = {}) {
  const prepared: number[] = [];
  const sent: string[] = [];
  const job: OutsideJob<Item, string, string> = defineJob({
    name: "send-item",
    queue: "notifications",
    description: "Sends an item.",
    payload: itemPayload,
    key: ({ item }) => item,
    ...(admit ? { admit: async () => admit() } : {}),
    ...(resume ? { resume: async (_request: string, text: string | null) => resume(text) } : {}),
    prepare: async () => ({ request: `request ${prepared.push(prepared.length)}` }),
    call: async (request: string, context: CallContext) => {
      sent.push(request);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer === undefined ? "ok" : answer(context);
    },
    record: async (_payload: Item, answer: string, { tx }) => {
      await note(tx, answer);
      return done();
    },
  });
  const world = await createWorld({ jobs: [job] });
  const [id] = await enqueueIn(world, job, { item: "a" });
  return { world, sent, prepared, run: () => world.run(job, [id!]) };
}

describe("an outside call that was certainly not sent", () => {
  it("is prepared again by the next attempt, which it does not use", async () => {
    const { world, sent, run } = await scene({ answers: [new NotSent("429", 60_000)] });
    expect(await run()).toMatchObject({ snoozed: 1 });
    const [entry] = await world.query<{ attempts: number; later: boolean; request: unknown }>(
      "select attempts, run_at > now() + interval '50 seconds' as later, request from outbox",
    );
    expect(entry).toEqual({ attempts: 0, later: true, request: null });
    expect(await run()).toMatchObject({ done: 1 });
    expect(sent).toEqual(["request 1", "request 2"]);
  });

  it("uses an attempt if it gives no time", async () => {
    const { world, sent, run } = await scene({ answers: [new NotSent("550")] });
    expect(await run()).toMatchObject({ retry: 1 });
    expect(await world.enqueued()).toMatchObject([{ attempts: 1, error: "call: 550" }]);
    expect(await run()).toMatchObject({ done: 1 });
    expect(sent).toEqual(["request 1", "request 2"]);
  });

  it("but whose request is wrong itself is prepared again by a retry that asks for it", async () => {
    const { world, sent, run } = await scene({ answers: [new Cancel("invalid"), new Cancel("invalid")] });
    const decided = { actor: "test", reason: "fixed", catalogue: world.catalogue };
    for (const prepareAnew of [false, true]) {
      await run();
      expect(
        await inTransaction(world.db, (tx) => retryDeadLetters(tx, {}, { ...decided, prepareAnew })),
      ).toMatchObject({ retried: 1 });
    }
    expect(await run()).toMatchObject({ done: 1 });
    expect(sent).toEqual(["request 1", "request 1", "request 2"]);
  });

  it("but may have been is sent again with the same request", async () => {
    const { sent, run } = await scene({ answers: [new Error("no answer"), new Snooze(0)] });
    expect(await run()).toMatchObject({ retry: 1 });
    expect(await run()).toMatchObject({ snoozed: 1 });
    expect(await run()).toMatchObject({ done: 1 });
    expect(sent).toEqual(["request 1", "request 1", "request 1"]);
  });

  it.each([
    ["for a while", new NotSent("429", 60_000), { snoozed: 1 }, { attempts: 1 }],
    ["with a fault of its own", new NotSent("550"), { retry: 1 }, { attempts: 2, error: "call: 550" }],
  ])(
    "but may have been keeps its request when a later attempt is refused %s",
    async (_, refusal, counts, entry) => {
      const { world, sent, run } = await scene({ answers: [new Error("no answer"), refusal] });
      expect(await run()).toMatchObject({ retry: 1 });
      expect(await run()).toMatchObject(counts);
      expect(await world.enqueued()).toMatchObject([entry]);
      expect(await run()).toMatchObject({ done: 1 });
      expect(sent).toEqual(["request 1", "request 1", "request 1"]);
    },
  );
});

describe("admission to an outside call", () => {
  it("is requested before anything is prepared", async () => {
    let isOpen = false;
    const { prepared, run } = await scene({
      admit: () => {
        if (!isOpen) throw new Snooze(1_000);
      },
    });
    expect(await run()).toMatchObject({ snoozed: 1 });
    expect(prepared).toEqual([]);
    isOpen = true;
    expect(await run()).toMatchObject({ done: 1 });
  });
});

describe("resuming an outside call", () => {
  it("reads what the call noted last", async () => {
    const seen: (string | null)[] = [];
    const { run } = await scene({
      answers: [
        new Error("before the note"),
        async ({ note: noteDown }) => {
          await noteDown("one");
          await noteDown("two");
          throw new Error("after the note");
        },
      ],
      resume: (text) => {
        seen.push(text);
        return { kind: "send" };
      },
    });
    for (let n = 0; n < 3; n++) await run();
    expect(seen).toEqual([null, "two"]);
  });

  it("may prepare a new request, or record an answer without a call", async () => {
    const ways: Resumption<string>[] = [{ kind: "prepare" }, { kind: "answer", answer: "from resume" }];
    const { world, sent, run } = await scene({
      answers: [new Error("no answer"), new Error("no answer")],
      resume: () => ways.shift()!,
    });
    for (let n = 0; n < 2; n++) expect(await run()).toMatchObject({ retry: 1 });
    expect(await run()).toMatchObject({ done: 1 });
    expect(sent).toEqual(["request 1", "request 2"]);
    expect(await noted(world)).toEqual(["from resume"]);
  });

  it("keeps a stalled carrier whose request was replaced from noting, and so from sending", async () => {
    const stalled = gate();
    const refused = gate<unknown>();
    const { sent, run, world } = await scene({
      answers: [
        async ({ note: noteDown }) => {
          await stalled.passed;
          await noteDown("late").catch((error: unknown) => refused.open(error));
          throw new Error("not sent");
        },
      ],
      resume: () => ({ kind: "prepare" }),
    });
    const slow = run();
    await eventually(() => expect(sent).toHaveLength(1));
    // It stalls for longer than its lease.
    await world.query("update outbox set leased_until = now()");
    expect(await run()).toMatchObject({ done: 1 });
    stalled.open();
    expect(await refused.passed).toMatchObject({ name: "Interrupted" });
    await slow;
    expect(await noted(world)).toEqual(["ok"]);
  });
});

import { expect, it } from "vitest";
import { QUEUE_NAMES } from "../../../../src/config/queues.ts";
import { createLog } from "../../../../src/log.ts";
import { LOCK_POLICY } from "../../../../src/queues/queues.ts";
import { startWorkers } from "../../../../src/roles/worker.ts";
import { verifyLedger } from "../../../../src/workers/maintenance/verify-ledger.ts";
import { eventually } from "../../../support/eventually.ts";
import { enqueueRunIn } from "../../../support/jobs.ts";
import { adminWorld, browser, PASSWORDS } from "../browser.ts";

type Line = { readonly job?: string; readonly run?: string };

it("what the page of a run names as its log lines finds those of its run, ranges and sum, and no others", async () => {
  const { world, address } = await adminWorld({ ...PASSWORDS, LOG_FORMAT: "json" });
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLog({ level: "info", format: "json", destination });
  const runs = [
    await enqueueRunIn(world, verifyLedger, { full: false }),
    await enqueueRunIn(world, verifyLedger, { full: true }),
  ];
  world.relay.start();
  const workers = startWorkers({ ...world, log }, { queues: QUEUE_NAMES, locks: LOCK_POLICY });
  await eventually(async () =>
    expect(await world.query("select id from job_runs where status = 'done' order by id")).toHaveLength(2),
  );
  await workers.stop(60_000);
  const viewer = await browser(address, "viewer");
  for (const run of runs) {
    const page = await (await viewer.send("GET", `/admin/runs/${run}`)).text();
    const [, named = ""] = /<dt>Log lines<\/dt><dd><code>(.*?)<\/code>/.exec(page) ?? [];
    const found = lines.filter((line) => line.includes(named.replaceAll("&quot;", '"')));
    expect(new Set(found.map((line) => (JSON.parse(line) as Line).job))).toEqual(
      new Set(["verify-ledger", "verify-ledger/range", "verify-ledger/sum"]),
    );
    expect(found).toEqual(lines.filter((line) => (JSON.parse(line) as Line).run === run));
  }
});

import { sql } from "drizzle-orm";
import { rows } from "../db/statement.ts";
import { deleteEmailsTo } from "../ports/mailers/file.ts";
import type { Job } from "../queues/job.ts";
import { runInline } from "../queues/manual-runs.ts";
import { executionOf } from "../roles/execution.ts";
import type { Runtime } from "../roles/runtime.ts";
import { eraseUser } from "../workers/maintenance/erase-user.ts";
import { type DecisionOptions, requireConfirmation, requireReason } from "./confirm.ts";
import { runSummary } from "./follow.ts";
import { printJson, printLine } from "./print.ts";
import { requireUserId } from "./references.ts";
import { preview } from "./run-job.ts";
import { operator, type Terminal } from "./terminal.ts";
import { withRuntime } from "./with-runtime.ts";

/** Erases the personal data of a user, or previews that. */
export async function runErasure(terminal: Terminal, user: string, options: DecisionOptions): Promise<void> {
  const reason = options.dryRun ? "dry run" : requireReason(options);
  await withRuntime(terminal, { redis: false }, async (runtime) => {
    const payload = {
      userId: await requireUserId(runtime.db.drizzle, user),
      actor: operator(),
      reason,
    };
    if (options.dryRun) return preview(terminal, runtime, eraseUser, payload, options);
    await requireConfirmation(
      terminal,
      options,
      `Erase the personal data of user ${user}? It cannot be restored.`,
    );
    const address = await addressOf(runtime, payload.userId);
    const run = await runInline(
      executionOf(runtime),
      eraseUser as Job,
      payload,
      () => undefined,
      terminal.interrupted(),
    );
    const files = await deleteFiles(runtime, address);
    if (options.json) printJson(terminal, { ...run, files });
    else {
      printLine(terminal, runSummary(run));
      if (files > 0) printLine(terminal, `files deleted from EMAIL_FOLDER: ${files}`);
    }
    if (run.status !== "done") terminal.exitCode = 1;
  });
}

async function addressOf({ db }: Runtime, userId: string): Promise<string | null> {
  const [user] = await rows<{ email: string | null }>(
    db.drizzle,
    sql`select nullif(btrim(email), '') as email from users where id = ${userId}`,
  );
  return user?.email ?? null;
}

/** The e-mails that were written into files of this machine instead of being sent. */
async function deleteFiles({ config }: Runtime, address: string | null): Promise<number> {
  const { transport } = config.email;
  return address !== null && transport.kind === "file" ? deleteEmailsTo(transport.folder, address) : 0;
}

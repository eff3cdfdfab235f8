import type { Command } from "commander";
import { audit } from "../db/audit.ts";
import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/transaction.ts";
import { isId } from "../ids.ts";
import { type Joined, joinReferral } from "../intake/referrals.ts";
import { jsonFlag, mandatoryFlag } from "./flags.ts";
import { printJson, printLine } from "./print.ts";
import { CliError, operator, type Terminal } from "./terminal.ts";
import { resolveUserId } from "./users.ts";
import { withDatabase } from "./with-database.ts";

type Options = { userId: string; code: string; organizationId?: string; json?: true };

/** `commonwork referral`: makes the owner of a code the referrer of a user, once. */
export function defineReferral(command: Command, terminal: Terminal): void {
  mandatoryFlag(command, "--code <code>", "the referrer's code: 8 letters and digits");
  mandatoryFlag(command, "--user-id <id>", "the user who was referred: number or public uuid");
  command.option("--organization-id <id>", "the organization, if the user has profiles in several");
  jsonFlag(command).action(async (options: Options) => {
    const joined = await withDatabase(terminal, (db) => join(db, options));
    if (options.json) printJson(terminal, joined);
    else if (joined.kind === "joined")
      printLine(terminal, `Profile ${joined.profileId} is now referred by profile ${joined.referrerId}.`);
    else terminal.writeError(`${joined.message}\n`);
    if (joined.kind === "refused") terminal.exitCode = 1;
  });
}

async function join(db: Database, options: Options): Promise<Joined> {
  const { code, organizationId } = options;
  const userId = await resolveUserId(db.drizzle, options.userId);
  if (!isId(userId)) throw new CliError("--user-id must be a number or a public uuid.");
  if (organizationId !== undefined && !isId(organizationId))
    throw new CliError("--organization-id must be a number.");
  return inTransaction(db, async (tx) => {
    const joined = await joinReferral(tx, { userId, referralCode: code.trim(), organizationId });
    if (joined.kind === "joined") {
      const subject = `volunteer_profiles:${joined.profileId}`;
      await audit(tx, {
        actor: operator(),
        action: "referral.join",
        subject,
        details: { referrer: joined.referrerId },
      });
    }
    return joined;
  });
}

import type { Command } from "commander";
import { audit } from "../db/audit.ts";
import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/transaction.ts";
import { type Joined, joinReferral } from "../intake/referrals.ts";
import { jsonFlag, mandatoryFlag } from "./flags.ts";
import { printJson, printLine } from "./print.ts";
import { requireReference, requireUserId, USER_ID_FORMS } from "./references.ts";
import { operator, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

type Options = { userId: string; code: string; organizationId?: string; json?: true };

/** `commonwork referral`: makes the owner of a code the referrer of a user, once. */
export function defineReferral(command: Command, terminal: Terminal): void {
  mandatoryFlag(command, "--code <code>", "the referrer's code: 8 letters and digits");
  mandatoryFlag(command, "--user-id <id>", `the user who was referred: ${USER_ID_FORMS}`);
  command.option(
    "--organization-id <id>",
    "the organization, by the host's id or ours, if the user has profiles in several",
  );
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
  const userId = await requireUserId(db.drizzle, options.userId);
  const organizationId =
    options.organizationId && (await requireReference(db.drizzle, "organizations", options.organizationId));
  const { code } = options;
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

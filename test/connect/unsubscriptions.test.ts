import { expect, it } from "vitest";
import { storeRecords } from "../../src/connect/store-records.ts";
import { compareMirrors } from "../../src/connect/verify.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { unsubscribe } from "../../src/email/unsubscribe.ts";
import { emailInstant } from "../../src/workers/notifications/email/email-instant.ts";
import { awarded, delivery } from "../support/emails.ts";
import { hostPlatform, installMappings, reconcile } from "../support/host-platform.ts";
import { hostEvent } from "../support/platform.ts";
import { createWorld, type World } from "../support/world.ts";

const ADA = "018f6b1c-aaaa-7000-8000-000000000001";

type Settings = { frequency: string; unsubscribed_at: string | null };
type Host = {
  /** Writes Ada's settings. */
  set(settings: Settings): Promise<unknown>;
  /** Deletes them. */
  remove(): Promise<unknown>;
};

/** Who sends records. */
async function recordsHost(world: World): Promise<Host> {
  let version = 0n;
  const send = (table: string, columns: Record<string, unknown> | null) =>
    inTransaction(world.db, (tx) => {
      version += 1n;
      return storeRecords(tx, [{ table, key: ADA, version, columns, backfill: false }]);
    });
  await send("users", { name: "Ada", email: "ada@host.test" });
  return {
    set: (settings) => send("user_notification_settings", { user_id: ADA, ...settings }),
    remove: () => send("user_notification_settings", null),
  };
}

/** Whose tables are mirrored. */
async function mirroredHost(world: World): Promise<Host> {
  await hostPlatform(world);
  await world.query(
    `create table app.settings (account uuid primary key references app.accounts, often text, left_at timestamptz)`,
  );
  await installMappings(world, {
    users: `-- key: host_id uuid
-- source: app.accounts by id
select a.id as host_id, '' as name, a.mail as email from app.accounts a`,
    user_notification_settings: `-- key: host_id uuid
-- source: app.settings by account
select s.account as host_id, s.account as user_id, s.often as frequency, s.left_at as unsubscribed_at from app.settings s`,
  });
  await world.query("insert into app.accounts (id, mail) values ($1, 'ada@host.test')", [ADA]);
  await reconcile(world);
  return {
    set: async ({ frequency, unsubscribed_at: at }) => {
      await world.query(
        `insert into app.settings values ($1, $2, $3)
         on conflict (account) do update set often = excluded.often, left_at = excluded.left_at`,
        [ADA, frequency, at],
      );
      await reconcile(world);
    },
    remove: async () => {
      await world.query("delete from app.settings");
      await reconcile(world);
    },
  };
}

it.each([
  ["records", recordsHost],
  ["mirrors", mirroredHost],
] as const)(
  "issue 14: %s of a user's settings neither undo what the user unsubscribed from by a link, nor fail because of it",
  async (_kind, open) => {
    const world = await createWorld({ at: "2026-03-02T18:00:00Z" });
    const host = await open(world);
    const [{ id: userId } = { id: "" }] = await world.query<{ id: string }>(
      "select id from users where host_id = $1",
      [ADA],
    );
    const decide = async (): Promise<unknown> => {
      await hostEvent(world, "budget.awarded", { payload: awarded(userId) });
      await world.drain();
      const [last] = await world.query(
        "select decision, reason from deliveries where channel = 'email' order by id desc limit 1",
      );
      return last;
    };
    const stopped = { decision: "skipped", reason: "unsubscribed" };
    await delivery(world, { userId });
    await world.perform(emailInstant, {});
    await world.drain();
    const token = /unsubscribe\/([\w-]{43})/.exec(world.mailbox[0]!.headers["List-Unsubscribe"]!)![1]!;
    await inTransaction(world.db, (tx) => unsubscribe(tx, token, world.clock.now()));
    expect(await decide()).toEqual(stopped);

    for (const settings of [
      { frequency: "hourly", unsubscribed_at: null },
      { frequency: "daily", unsubscribed_at: "2026-03-01T00:00:00Z" },
      { frequency: "hourly", unsubscribed_at: null },
    ]) {
      await host.set(settings);
      expect(await world.query("select frequency from user_notification_settings")).toEqual([
        { frequency: settings.frequency },
      ]);
      expect(await decide()).toEqual(stopped);
    }
    const compared = await compareMirrors(world.db, { actor: "test", catchUp: async () => undefined });
    expect(compared.flatMap(({ differing }) => differing)).toEqual([]);
    await host.remove();
    expect(await decide()).toEqual(stopped);

    // The host's own word alone is the host's to undo.
    await world.query("delete from unsubscriptions");
    await host.set({ frequency: "immediate", unsubscribed_at: "2026-03-01T00:00:00Z" });
    expect(await decide()).toEqual(stopped);
    await host.set({ frequency: "immediate", unsubscribed_at: null });
    expect(await decide()).toMatchObject({ decision: "digested" });
  },
);

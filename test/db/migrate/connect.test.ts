import { expect, it, onTestFinished, vi } from "vitest";
import { migrateDatabase } from "../../../src/db/migrate/migrate.ts";
import { UnsuitableServer } from "../../../src/unsuitable-server.ts";
import { migratedDatabase } from "../../support/scratch-database.ts";
import { tcpProxy } from "../../support/tcp-proxy.ts";

const MINUTE_MS = 60_000;

/** A deployment whose server is behind a proxy. */
async function behindProxy() {
  const { database, address } = await migratedDatabase();
  const proxy = await tcpProxy(Number(new URL(database.url).port));
  return { proxy, address: { ...address, databaseUrl: proxy.through(database.url) } };
}

/** Limits pass when the test says so; sockets are as ever. */
function holdTheTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
}

it("migrate waits for a server that is not there yet, and says so once", async () => {
  const { proxy, address } = await behindProxy();
  proxy.refuse();
  const waited: string[] = [];
  const onWait = (reason: string) => {
    waited.push(reason);
    proxy.accept();
  };
  expect(await migrateDatabase(address, { waitMs: 5 * MINUTE_MS, onWait })).toMatchObject({ applied: [] });
  expect(waited).toEqual([expect.stringMatching(`^127.0.0.1:${proxy.port} \\(\\w+\\)$`)]);
});

it("migrate waits for a server that takes half a minute to answer", async () => {
  const { proxy, address } = await behindProxy();
  const held = proxy.hold();
  holdTheTime();
  const migrated = migrateDatabase(address);
  await held;
  vi.advanceTimersByTime(MINUTE_MS / 2);
  vi.useRealTimers();
  proxy.release();
  expect(await migrated).toMatchObject({ applied: [] });
});

it("migrate gives up on a server that never answers, and says how long it has waited", async () => {
  const { proxy, address } = await behindProxy();
  const held = proxy.hold();
  holdTheTime();
  const refusal = migrateDatabase(address).catch((error: unknown) => error);
  await held;
  vi.advanceTimersByTime(MINUTE_MS);
  expect(await refusal).toBeInstanceOf(UnsuitableServer);
  expect(((await refusal) as Error).message).toBe(
    `No connection to Postgres at 127.0.0.1:${proxy.port} (08006) within 60 s. Check DATABASE_URL, or wait longer with \`commonwork migrate --wait <seconds>\`.`,
  );
});

it("migrate does not wait where waiting changes nothing: for a database that does not exist", async () => {
  const { address } = await behindProxy();
  const databaseUrl = Object.assign(new URL(address.databaseUrl), { pathname: "/no_such_database" }).href;
  const onWait = vi.fn();
  await expect(
    migrateDatabase({ ...address, databaseUrl }, { waitMs: 5 * MINUTE_MS, onWait }),
  ).rejects.toMatchObject({
    code: "3D000",
  });
  expect(onWait).not.toHaveBeenCalled();
});

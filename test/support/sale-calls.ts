import { createHmac, randomInt } from "node:crypto";
import { expect } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { startHttp } from "../../src/http/server.ts";
import { cutChecks, findViolations } from "../../src/rewards/verify.ts";
import { eventually } from "./eventually.ts";
import { chain, organization, type Person } from "./factories.ts";
import { size } from "./sizes.ts";
import { createWorld, SALE_SECRET, type World, type WorldOptions } from "./world.ts";

const DUPLICATES = 0.3;
const ALTERED = 0.01;
const CONNECTIONS = 24;
const APART_MS = 137_000;
const TRIES = 200;

type Call = { externalId: string; body: string; altered: boolean };
type Calls = { calls: Call[]; sales: number; altered: number };

/** Each sale once, some repeated, a few repeated with other values, in random order. */
function callsFor(buyers: readonly Person[], count: number): Calls {
  const calls: Call[] = [];
  const sales = Math.round(count * (1 - DUPLICATES - ALTERED));
  // Spread over time, so that no sale is held for buying too fast.
  const firstSoldAt = Math.floor(Date.now() / 1_000) * 1_000 - sales * APART_MS;
  const body = (i: number, amount: number) =>
    JSON.stringify({
      user_id: Number(buyers[i % buyers.length]?.userId),
      amount,
      transaction_id: `sale-${i}`,
      timestamp: new Date(firstSoldAt + i * APART_MS).toISOString(),
    });
  for (let i = 0; i < sales; i++)
    calls.push({ externalId: `sale-${i}`, body: body(i, 100 + (i % 50)), altered: false });
  const altered = Math.round(count * ALTERED);
  while (calls.length < count - altered) calls.push(calls[randomInt(sales)] as Call);
  for (let i = 0; i < altered; i++) calls.push({ externalId: `sale-${i}`, body: body(i, 7), altered: true });
  // An altered request that came first would be accepted as the sale, so it is sent after the true one.
  const [truthful, forged] = [calls.filter((one) => !one.altered), calls.filter((one) => one.altered)];
  return { calls: [...shuffled(truthful), ...forged], sales, altered };
}

function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

/** Sends like a seller: repeats until the answer is final. */
async function send(port: number, call: Call): Promise<number> {
  const signature = createHmac("sha256", SALE_SECRET).update(call.body).digest("hex");
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const status = await fetch(`http://127.0.0.1:${port}/volunteer_scheduler/webhooks/scicent_sale`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-scicent-signature": `sha256=${signature}` },
      body: call.body,
    }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => 0,
    );
    if ([200, 202, 409].includes(status)) return status;
    if (![0, 429, 500, 503].includes(status)) throw new Error(`a call was answered ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 20 + randomInt(80)));
  }
  throw new Error("a call was never accepted");
}

async function sendAll(
  port: number,
  calls: readonly Call[],
  onSent: (done: number) => Promise<void>,
): Promise<Map<number, number>> {
  const answers = new Map<number, number>();
  let next = 0;
  let done = 0;
  const sender = async () => {
    for (let call = calls[next++]; call; call = calls[next++]) {
      const status = await send(port, call);
      answers.set(status, (answers.get(status) ?? 0) + 1);
      await onSent(++done);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  return answers;
}

const WITHOUT_LIMITS = {
  WEBHOOK_ADDRESS_PER_SECOND: "100000",
  WEBHOOK_ADDRESS_BURST: "100000",
  WEBHOOK_SOURCE_PER_SECOND: "100000",
};

/** Each is five buyers below one another. */
const TREES = size(10, 40);

/** A world whose webhook takes the sales of buyers with referrers; no worker runs yet. */
export async function saleScene(options: Pick<WorldOptions, "redisUrl" | "databaseUrl" | "environment">) {
  const world = await createWorld({
    ...options,
    environment: { ...WITHOUT_LIMITS, ...options.environment },
  });
  const organizationId = await organization(world);
  const trees = await Promise.all(Array.from({ length: TREES }, () => chain(world, organizationId, 6)));
  world.relay.start();
  const http = await startHttp(world);
  world.closing(() => http.stop());
  return { world, port: http.port, buyers: trees.flatMap((tree) => tree.slice(1)) };
}

/** What happens when a share of the calls has been answered, and the fault before it has ended. */
type Fault = { readonly at: number; readonly strike: () => Promise<unknown> };

/**
 * Sends `count` calls to a scene while the faults strike. Afterwards each sale must be applied once, each
 * altered one a conflict, and the books consistent.
 */
export async function sendThroughFaults(
  { world, port, buyers }: Awaited<ReturnType<typeof saleScene>>,
  count: number,
  faults: readonly Fault[],
): Promise<void> {
  const { calls, sales, altered } = callsFor(buyers, count);
  const due = faults.map(({ at, strike }) => ({ after: Math.round(calls.length * at), strike }));
  let struck: Promise<unknown> = Promise.resolve();
  const answers = await sendAll(port, calls, async (done) => {
    for (const { after, strike } of due) {
      if (done !== after) continue;
      struck = struck.then(strike);
      await struck;
    }
  });
  expect(answers.get(409) ?? 0).toBe(altered);
  // An answer may be lost with its connection: the repetition then gets 200.
  expect((answers.get(202) ?? 0) + (answers.get(200) ?? 0)).toBe(calls.length - altered);
  await eventually(async () => {
    const [left] = await world.query<{ open: string; waiting: string }>(
      "select (select count(*) from token_sales where status = 'accepted') as open, (select count(*) from outbox where job = 'distribute-commission') as waiting",
    );
    expect(left).toEqual({ open: "0", waiting: "0" });
  });
  const [books] = await world.query<{ sales: string; paid: string; total: string }>(
    `select (select count(*) from token_sales where status = 'applied') as sales,
            (select count(*) from ledger_transactions where kind = 'commission') as paid,
            (select coalesce(sum(amount_micro), 0) from ledger_entries) as total`,
  );
  expect(books).toEqual({ sales: String(sales), paid: String(sales), total: "0" });
  expect(await drift(world)).toEqual([]);
}

async function drift(world: World): Promise<string[]> {
  return inTransaction(world.db, async (tx) => {
    const found: string[] = [];
    for (const range of (await cutChecks(tx)).ranges) {
      for (const id of await findViolations(tx, range)) found.push(`${range.check}:${id}`);
    }
    return found;
  });
}

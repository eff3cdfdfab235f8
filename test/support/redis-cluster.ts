import { randomInt } from "node:crypto";
import type { QueueName } from "../../src/config/queues.ts";
import { keyPrefix } from "../../src/queues/queues.ts";
import { eventually } from "./eventually.ts";
import { type OwnRedis, ownRedis } from "./own-redis.ts";
import type { World } from "./world.ts";

/** Three masters with a replica each. */
export type RedisCluster = {
  /** The variables that lead the service there. */
  readonly environment: Record<string, string>;
  /** Ends the master that holds a queue with SIGKILL, and waits until its replica has taken over. */
  killMasterOf(world: World, queue: QueueName): Promise<void>;
  /** The same with another master that still has its replica. */
  killAnotherMaster(): Promise<void>;
};

const MASTERS = 3;
const SLOTS = 16_384;

/** Start it before the world that uses it. */
export async function redisCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all(Array.from({ length: 2 * MASTERS }, startNode));
  const masters = nodes.slice(0, MASTERS);
  await join(nodes);
  await giveSlots(masters);
  await replicate(masters, nodes.slice(MASTERS));
  for (const node of nodes)
    await eventually(async () => {
      const info = String(await node.command("cluster", "info"));
      if (!info.includes("cluster_state:ok")) throw new Error(`the cluster is not complete:\n${info}`);
    });
  const alive = new Set<OwnRedis>(masters);
  const killed = new Set<OwnRedis>();
  // Replicas are promoted by a majority of masters: two that die at once take the cluster with them.
  const kill = async (master: OwnRedis | undefined) => {
    if (!master) throw new Error("every master was killed already");
    alive.delete(master);
    killed.add(master);
    await master.kill();
    for (const node of nodes.filter((each) => !killed.has(each)))
      await eventually(async () => expectMasters(String(await node.command("cluster", "nodes")), killed));
  };
  return {
    environment: {
      REDIS_URL: nodes[0]?.url ?? "",
      REDIS_CLUSTER_NODES: nodes.map(({ port }) => `127.0.0.1:${port}`).join(","),
    },
    async killMasterOf(world, queue) {
      const slot = await masters[0]?.command(
        "cluster",
        "keyslot",
        keyPrefix(world.config.redisPrefix, queue),
      );
      await kill(masters[masterOf(Number(slot))]);
    },
    killAnotherMaster: () => kill([...alive][0]),
  };
}

/** The only node of a Cluster, which has all slots, for a plain client. */
export async function onlyNode(): Promise<OwnRedis> {
  const node = await startNode();
  await giveSlots([node]);
  return node;
}

/**
 * Every slot has a master again: a replica took over from each that was killed. For two seconds the others
 * still take a killed one for a master.
 */
function expectMasters(known: string, killed: ReadonlySet<OwnRedis>): void {
  const isKilled = (line: string) => [...killed].some(({ port }) => line.includes(`:${port}@`));
  const masters = known
    .split("\n")
    .filter((line) => /\bmaster\b/.test(line) && !/\bfail\b|fail\?/.test(line) && !isKilled(line));
  if (masters.length !== MASTERS) throw new Error(`the cluster has not recovered:\n${known}`);
}

type Node = OwnRedis & { readonly busPort: number };

/** The bus has a port of its own, 10,000 above by default, which need not be free or exist. */
async function startNode(): Promise<Node> {
  for (let tries = 1; ; tries++) {
    const port = randomInt(14_000, 22_000);
    try {
      const settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
      const node = await ownRedis({ port, settings: [...settings, "--cluster-announce-ip", "127.0.0.1"] });
      return { ...node, busPort: port + 10_000 };
    } catch (error) {
      if (tries >= 5) throw error;
    }
  }
}

async function join([first, ...others]: readonly Node[]): Promise<void> {
  for (const [index, node] of others.entries()) {
    await node.command("cluster", "set-config-epoch", index + 2);
    await first?.command("cluster", "meet", "127.0.0.1", node.port, node.busPort);
  }
  for (const node of [first, ...others])
    await eventually(async () => {
      const known = String(await node?.command("cluster", "nodes"));
      if (known.trim().split("\n").length <= others.length || /handshake|fail/.test(known))
        throw new Error(`a node does not know all others:\n${known}`);
    });
}

const firstSlot = (master: number, masters = MASTERS): number => Math.floor((SLOTS * master) / masters);

const masterOf = (slot: number): number =>
  Array.from({ length: MASTERS }, (_, i) => i).findLastIndex((master) => firstSlot(master) <= slot);

async function giveSlots(masters: readonly Node[]): Promise<void> {
  for (const [index, master] of masters.entries()) {
    const [first, end] = [firstSlot(index, masters.length), firstSlot(index + 1, masters.length)];
    const slots = Array.from({ length: end - first }, (_, i) => first + i);
    await master.command("cluster", "addslots", ...slots);
  }
}

async function replicate(masters: readonly Node[], replicas: readonly Node[]): Promise<void> {
  for (const [index, replica] of replicas.entries()) {
    const master = String(await masters[index]?.command("cluster", "myid"));
    await replica.command("cluster", "replicate", master);
  }
  for (const replica of replicas)
    await eventually(async () => {
      const info = String(await replica.command("info", "replication"));
      if (!info.includes("master_link_status:up")) throw new Error("a replica has not copied its master");
    });
}

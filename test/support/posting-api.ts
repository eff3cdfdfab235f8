import { serve } from "../http/support.ts";
import { posting } from "./recommendations.ts";
import { JWT_SECRET, userToken } from "./user-token.ts";
import { createWorld, type World } from "./world.ts";

export const NOW = "2026-06-02T08:00:00Z";

export type JobBody = Record<string, unknown> & {
  id: string;
  title: string;
  match_score: number;
  match_reasons: string[];
};

export type JobsBody = {
  jobs: JobBody[];
  total: number;
  total_pages: number;
  error?: { code: string };
} & Record<string, unknown>;

/** A world whose user API is called on behalf of users. */
export async function postingApi() {
  const world = await createWorld({ at: NOW, environment: { AUTH_JWT_SECRET: JWT_SECRET } });
  const address = await serve(world);
  const call = async (method: string, path: string, userId: string, body?: unknown) => {
    const response = await fetch(`${address}/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${await userToken(userId, world.clock.now())}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as JobsBody };
  };
  return {
    world,
    address,
    get: (path: string, userId: string) => call("GET", path, userId),
    post: (path: string, userId: string, body?: unknown) => call("POST", path, userId, body),
    remove: (path: string, userId: string) => call("DELETE", path, userId),
  };
}

/** Postings named P1, P2, ... of a company each. @returns their ids. */
export async function postings(
  world: World,
  count: number,
  fields: Record<string, unknown> = {},
): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 1; n <= count; n++)
    ids.push(await posting(world, { title: `P${n}`, company: `Company ${n}`, ...fields }));
  return ids;
}

export const publicId = async (world: World, id: string): Promise<string> =>
  (await world.query<{ public_id: string }>("select public_id from jobs where id = $1", [id]))[0]!.public_id;

/** A list with scores of 0.925 and less. */
export const listOf = (ids: readonly string[]) =>
  ids.map((id, n) => ({ id: Number(id), score: 0.925 - n / 200 }));

export const titlesOf = ({ jobs }: JobsBody): string[] => jobs.map(({ title }) => title);

import { userToken } from "./user-token.ts";
import type { World } from "./world.ts";

/** Inserts a notification. */
export const show = (world: World, userId: string, n: number) =>
  world.query(
    `insert into notifications (user_id, event_type, event_id, title, body, link) values ($1, 'x', $2, $3, '', '/')`,
    [userId, n, `Number ${n}`],
  );

/** Opens a stream and reads it until the test ends. */
export async function listen(
  world: World,
  address: string,
  userId: string,
  {
    lastEventId,
    token,
    headers,
  }: {
    readonly lastEventId?: string;
    readonly token?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
) {
  const stop = new AbortController();
  const response = await fetch(`${address}/api/v1/notifications/stream`, {
    headers: {
      Authorization: `Bearer ${token ?? (await userToken(userId))}`,
      ...(lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId }),
      ...headers,
    },
    signal: stop.signal,
  });
  const received = { text: "", ended: false };
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? [])
      received.text += decoder.decode(chunk as Uint8Array, { stream: true });
  })()
    .catch(() => undefined)
    .finally(() => {
      received.ended = true;
    });
  const close = async () => {
    stop.abort();
    await reading;
  };
  world.closing(close);
  return {
    response,
    received,
    close,
    events: () =>
      [...received.text.matchAll(/^id: (.+)\nevent: notification\ndata: (.+)$/gm)].map(([, id, json]) => ({
        id: id as string,
        ...(JSON.parse(json as string) as { title: string; count: number }),
      })),
  };
}

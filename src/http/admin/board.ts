import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { RequestHandler } from "express";
import { QUEUE_NAMES } from "../../config/queues.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { redactBody } from "./board-redaction.ts";
import { sessionOf } from "./guard.ts";

const BOARD_PATH = "/admin/queues";

/**
 * The routes that exist. Carriers are owned by Postgres: removing, retrying, editing or adding one has no
 * lasting effect, a rate limit or a concurrency of a queue would make the process look stuck, and schedules
 * are data of the code. A later version of Bull Board may have more routes; they do not exist here until they
 * are listed.
 */
const ROUTES: readonly RegExp[] = [
  /^get \/api\/(redis\/stats|queues|job-schedulers)$/,
  /^get \/api\/queues\/:queueName\/(metrics|default-job-options|workers|rate-limit|job-data-schema)$/,
  /^get \/api\/queues\/:queueName\/:jobId(\/logs|\/flow)?$/,
  /^put \/api\/queues\/(:queueName\/)?(pause|resume)$/,
];

type Route = { readonly method: string | readonly string[]; readonly route: string | readonly string[] };

/** Whether a route of Bull Board is served. */
export const isServed = ({ method, route }: Route): boolean =>
  [method]
    .flat()
    .every((verb) =>
      [route].flat().every((path) => ROUTES.some((allowed) => allowed.test(`${verb} ${path}`))),
    );

/** Bull Board, one instance per role: the viewers' is read-only, its writing routes answer 405. */
export function boards(runtime: Runtime): RequestHandler {
  const byRole = { admin: board(runtime, false), viewer: board(runtime, true) };
  return (req, res, next) => byRole[sessionOf(res).role](req, res, next);
}

function board(runtime: Runtime, readOnlyMode: boolean): RequestHandler {
  const adapter = new ExpressAdapter();
  const setApiRoutes = adapter.setApiRoutes.bind(adapter);
  adapter.setApiRoutes = (routes) => setApiRoutes(routes.filter(isServed));
  adapter.setBasePath(BOARD_PATH);
  const queues = QUEUE_NAMES.map(
    (name) =>
      new BullMQAdapter(runtime.producers.queue(name), {
        readOnlyMode,
        allowRetries: false,
        description: readOnlyMode ? "Read-only" : "",
      }),
  );
  createBullBoard({
    queues,
    serverAdapter: adapter,
    options: {
      handlerHooks: { after: ({ route }, result) => ({ ...result, body: redactBody(route, result.body) }) },
      uiConfig: {
        boardTitle: "Commonwork",
        hideDocsLink: true,
        hideRedisDetails: readOnlyMode,
        miscLinks: [
          { text: "Operations", url: "/admin" },
          { text: "Dead letters", url: "/admin/dead-letters" },
        ],
        ...(runtime.config.development ? { environment: { label: "development", color: "#2f6f5e" } } : {}),
      },
    },
  });
  return adapter.getRouter() as RequestHandler;
}

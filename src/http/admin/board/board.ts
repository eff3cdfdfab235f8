import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { RequestHandler, Response } from "express";
import { QUEUE_NAMES } from "../../../config/queues.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { redactBody } from "./board-redaction.ts";

const BOARD_PATH = "/admin/queues";

/**
 * The routes that are served, which only read; all others are refused. Carriers are owned by Postgres:
 * removing, retrying, editing or adding one has no lasting effect. What changes a queue or starts a run needs
 * a reason and an audit row, which the pages of the dashboard ask for and write. A later version of Bull
 * Board may have more routes; they are refused until they are listed.
 */
const ROUTES: readonly RegExp[] = [
  /^get \/api\/(queues|job-schedulers)$/,
  /^get \/api\/queues\/:queueName\/(metrics|default-job-options|workers|rate-limit|job-data-schema)$/,
  /^get \/api\/queues\/:queueName\/:jobId(\/logs|\/flow)?$/,
];

type Route = { readonly method: string | readonly string[]; readonly route: string | readonly string[] };

/** Whether a route of Bull Board is served. */
export const isServed = ({ method, route }: Route): boolean =>
  [method]
    .flat()
    .every((verb) =>
      [route].flat().every((path) => ROUTES.some((allowed) => allowed.test(`${verb} ${path}`))),
    );

/** The buttons of the page of the schedulers, which no setting removes. */
const HIDDEN_BUTTONS = `<style>td[class^="actionsCell"] button { display: none }</style>`;

/** Bull Board, read-only. */
export function bullBoard(runtime: Runtime): RequestHandler {
  const serve = board(runtime);
  return (req, res, next) => {
    adaptPage(res);
    serve(req, res, next);
  };
}

/** The board has its own links to us in a menu, behind an icon without a name. */
const BACK_LINK = `<a href="/admin" style="position: fixed; right: 16px; bottom: 16px; z-index: 100; padding: 8px 14px; border-radius: 6px; background: #14594d; color: #fff; font: 14px sans-serif">Back to the dashboard</a>`;

/** The fonts that the page of the board links to, at another host. */
const FOREIGN_LINK = /<link\b[^>]*\bhref="https?:[^>]*>/g;

/** Adds a style and the way back to the page of the board, and removes its links to other hosts. */
function adaptPage(res: Response): void {
  const send = res.send.bind(res);
  res.send = (body) =>
    send(
      typeof body === "string"
        ? body
            .replace(FOREIGN_LINK, "")
            .replace("</head>", `${HIDDEN_BUTTONS}</head>`)
            .replace('<div id="root">', `${BACK_LINK}<div id="root">`)
        : body,
    );
}

function board(runtime: Runtime): RequestHandler {
  const adapter = new ExpressAdapter();
  const setApiRoutes = adapter.setApiRoutes.bind(adapter);
  adapter.setApiRoutes = (routes) =>
    setApiRoutes(routes.map((route) => (isServed(route) ? route : { ...route, handler: refuse })));
  adapter.setBasePath(BOARD_PATH);
  const queues = QUEUE_NAMES.map(
    (name) =>
      new BullMQAdapter(runtime.producers.queue(name), {
        readOnlyMode: true,
        allowRetries: false,
        description: "Read-only",
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
        hideRedisDetails: true,
        miscLinks: [
          { text: "Operations", url: "/admin" },
          { text: "Dead letters", url: "/admin/dead-letters" },
          { text: "Schedules", url: "/admin/schedules" },
        ],
        ...(runtime.config.development ? { environment: { label: "development", color: "#2f6f5e" } } : {}),
      },
    },
  });
  return adapter.getRouter() as RequestHandler;
}

type Handler = Parameters<ExpressAdapter["setApiRoutes"]>[0][number]["handler"];

/** Bull Board shows buttons for some of these; the answer is what it shows after a click. */
const refuse: Handler = () => ({
  status: 405,
  body: {
    error: "Not available here",
    message:
      "Postgres owns the work, and Redis only carries it: changes made here would not last. Use the pages of the queue, Dead letters, Jobs and Schedules, or the command line.",
  },
});

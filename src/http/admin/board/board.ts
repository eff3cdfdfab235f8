import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { RequestHandler, Response } from "express";
import { QUEUE_NAMES } from "../../../config/queues.ts";
import { startRun } from "../../../queues/manual-runs.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { sessionOf } from "../access/guard.ts";
import { redactBody } from "./board-redaction.ts";

const BOARD_PATH = "/admin/queues";

/**
 * The routes that are served; all others are refused. Carriers are owned by Postgres: removing, retrying,
 * editing or adding one has no lasting effect, a rate limit or a concurrency of a queue would make the
 * process look stuck, and schedules are data of the code. A later version of Bull Board may have more routes;
 * they are refused until they are listed.
 */
const ROUTES: readonly RegExp[] = [
  /^get \/api\/(redis\/stats|queues|job-schedulers)$/,
  /^get \/api\/queues\/:queueName\/(metrics|default-job-options|workers|rate-limit|job-data-schema)$/,
  /^get \/api\/queues\/:queueName\/:jobId(\/logs|\/flow)?$/,
  /^put \/api\/queues\/(:queueName\/)?(pause|resume)$/,
  /^put \/api\/queues\/:queueName\/job-schedulers\/:schedulerId\/run$/,
];

type Route = { readonly method: string | readonly string[]; readonly route: string | readonly string[] };

/** Whether a route of Bull Board is served. */
export const isServed = ({ method, route }: Route): boolean =>
  [method]
    .flat()
    .every((verb) =>
      [route].flat().every((path) => ROUTES.some((allowed) => allowed.test(`${verb} ${path}`))),
    );

/** The buttons of removed routes: on the page of the schedulers, all but the first one, "Run now". */
const HIDDEN_BUTTONS = `<style>td[class^="actionsCell"] button:not(:first-child) { display: none }</style>`;

/** A tick would only open slots that are due, so "Run now" opens a manual run. */
const RUN_NOW = "/api/queues/:queueName/job-schedulers/:schedulerId/run";

/** Bull Board, one instance per role: the viewers' is read-only, its writing routes answer 405. */
export function boards(runtime: Runtime): RequestHandler {
  const byRole = { admin: board(runtime, false), viewer: board(runtime, true) };
  return (req, res, next) => {
    hideButtons(res);
    byRole[sessionOf(res).role](req, res, next);
  };
}

/** Adds a style to the page of the board. */
function hideButtons(res: Response): void {
  const send = res.send.bind(res);
  res.send = (body) =>
    send(typeof body === "string" ? body.replace("</head>", `${HIDDEN_BUTTONS}</head>`) : body);
}

function board(runtime: Runtime, readOnlyMode: boolean): RequestHandler {
  const adapter = new ExpressAdapter();
  const setApiRoutes = adapter.setApiRoutes.bind(adapter);
  adapter.setApiRoutes = (routes) =>
    setApiRoutes(
      routes.map((route) => {
        if (!isServed(route)) return { ...route, handler: refuse };
        return !readOnlyMode && route.route === RUN_NOW ? { ...route, handler: runNow(runtime) } : route;
      }),
    );
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
      "Postgres owns the work, and Redis only carries it: changes made here would not last. Use the pages Dead letters and Schedules, or the command line.",
  },
});

/** Opens a manual run of the job of a schedule, with its input. */
const runNow =
  (runtime: Runtime): Handler =>
  async (request) => {
    const schedule = runtime.timetable.find(({ name }) => name === request?.params["schedulerId"]);
    if (!schedule) return { status: 404, body: { error: "ERRORS.JOB_SCHEDULER_NOT_FOUND" } };
    const run = await runtime.relay.transact((tx) => startRun(tx, schedule.job, schedule.input));
    return { status: 200, body: { run } };
  };

import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { RequestHandler, Response } from "express";
import { QUEUE_NAMES } from "../../config/queues.ts";
import { startRun } from "../../queues/manual-runs.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sessionOf } from "./guard.ts";

const BOARD_PATH = "/admin/queues";

/**
 * Routes that are removed for every role. `obliterate` would delete the schedules with the queue. A
 * hand-written carrier, or edited ids in one, would claim work that other carriers hold. A scheduler that was
 * edited or removed would be written again within half a minute, since the timetable is code;
 * /admin/schedules pauses one.
 */
const REMOVED_ROUTES = /\/(obliterate|add|update-data)$|\/job-schedulers\/:schedulerId(\/remove)?$/;

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
      routes
        .filter(({ route }) => ![route].flat().some((path) => REMOVED_ROUTES.test(path)))
        .map((route) =>
          !readOnlyMode && route.route === RUN_NOW ? { ...route, handler: runNow(runtime) } : route,
        ),
    );
  adapter.setBasePath(BOARD_PATH);
  const queues = QUEUE_NAMES.map((name) => {
    const queue = new BullMQAdapter(runtime.producers.queue(name), {
      readOnlyMode,
      description: readOnlyMode ? "Read-only" : "",
    });
    queue.setFormatter("data", onlyIds);
    queue.setFormatter("returnValue", onlyPlain);
    queue.setFormatter("progress", onlyPlain);
    return queue;
  });
  createBullBoard({
    queues,
    serverAdapter: adapter,
    options: {
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

/** Opens a manual run of the job of a schedule, with its input. */
const runNow =
  (runtime: Runtime): Parameters<ExpressAdapter["setApiRoutes"]>[0][number]["handler"] =>
  async (request) => {
    const schedule = runtime.timetable.find(({ name }) => name === request?.params["schedulerId"]);
    if (!schedule) return { status: 404, body: { error: "ERRORS.JOB_SCHEDULER_NOT_FOUND" } };
    const run = await runtime.relay.transact((tx) => startRun(tx, schedule.job, schedule.input));
    return { status: 200, body: { run } };
  };

/** Shows only what is known to be harmless: the ids in a carrier and the name of a schedule. */
export function onlyIds(data: unknown): Record<string, unknown> {
  const { entries, schedule } = (typeof data === "object" && data !== null ? data : {}) as Record<
    string,
    unknown
  >;
  return {
    ...(Array.isArray(entries) ? { entries: entries.map(onlyPlain) } : {}),
    ...(schedule === undefined ? {} : { schedule: onlyPlain(schedule) }),
  };
}

/** Passes numbers, names and instants; redacts anything that could be personal text. */
export function onlyPlain(value: unknown, depth = 0): unknown {
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean")
    return value;
  if (typeof value === "string") return /^[\w:./+-]{1,80}$/.test(value) ? value : "[redacted]";
  if (typeof value !== "object" || depth > 3) return "[redacted]";
  if (Array.isArray(value)) return value.slice(0, 500).map((item) => onlyPlain(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, onlyPlain(item, depth + 1)]));
}

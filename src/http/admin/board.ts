import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { RequestHandler } from "express";
import { QUEUE_NAMES } from "../../config/queues.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sessionOf } from "./guard.ts";

const BOARD_PATH = "/admin/queues";

/**
 * Routes that are removed for every role. `obliterate` would delete the schedules with the queue. A
 * hand-written carrier, or edited ids in one, would claim work that other carriers hold.
 */
const REMOVED_ROUTES = /\/(obliterate|add|update-data)$/;

/** Bull Board, one instance per role: the viewers' is read-only, its writing routes answer 405. */
export function boards(runtime: Runtime): RequestHandler {
  const byRole = { admin: board(runtime, false), viewer: board(runtime, true) };
  return (req, res, next) => byRole[sessionOf(res).role](req, res, next);
}

function board(runtime: Runtime, readOnlyMode: boolean): RequestHandler {
  const adapter = new ExpressAdapter();
  const setApiRoutes = adapter.setApiRoutes.bind(adapter);
  adapter.setApiRoutes = (routes) =>
    setApiRoutes(routes.filter(({ route }) => ![route].flat().some((path) => REMOVED_ROUTES.test(path))));
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
        ],
        ...(runtime.config.development ? { environment: { label: "development", color: "#2f6f5e" } } : {}),
      },
    },
  });
  return adapter.getRouter() as RequestHandler;
}

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

import { Router } from "express";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError } from "../requests/error-response.ts";
import { sameText } from "../requests/same-text.ts";
import type { Gauges } from "./gauges.ts";

/**
 * `GET /metrics` in the Prometheus text format: the metrics of this process, and gauges read from Postgres
 * and Redis. With METRICS_TOKEN the request needs `Authorization: Bearer <token>`.
 */
export function metricsRoutes(runtime: Runtime, gauges: Gauges): Router {
  const router = Router();
  const { metricsToken } = runtime.config;
  router.get("/metrics", async (req, res) => {
    if (metricsToken !== null && !sameText(req.headers.authorization ?? "", `Bearer ${metricsToken}`)) {
      res.set("WWW-Authenticate", 'Bearer realm="metrics"');
      return sendError(res, 401, {
        code: "bad-token",
        message: "Send Authorization: Bearer with the value of METRICS_TOKEN.",
      });
    }
    await gauges.refresh();
    const { registry } = runtime.metrics;
    res.set("Content-Type", registry.contentType).send(await registry.metrics());
  });
  return router;
}

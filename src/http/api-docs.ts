import { readFile } from "node:fs/promises";
import { Router } from "express";

/** Lies beside src and dist alike. */
const FILE = new URL("../../docs/openapi.json", import.meta.url);

/** `GET /api/docs`: the OpenAPI document of every route. */
export function apiDocsRoutes(): Router {
  const router = Router();
  let document: Promise<string> | null = null;
  router.get("/api/docs", async (_req, res) => {
    document ??= readFile(FILE, "utf8");
    res.type("json").send(await document);
  });
  return router;
}

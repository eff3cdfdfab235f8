import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Router } from "express";
import { VERSION } from "../../../version.ts";
import { STYLE } from "../../pages/style.ts";

const requireFrom = createRequire(import.meta.url);
const YEAR_SECONDS = 365 * 24 * 3_600;

/** The files that the pages load, all from this process: content type, and how its text is read. */
const ASSETS = {
  "style.css": ["css", () => STYLE],
  "admin.js": ["js", () => readFileSync(new URL("./assets/admin.js", import.meta.url), "utf8")],
  "uplot.js": ["js", () => readFileSync(requireFrom.resolve("uplot/dist/uPlot.iife.min.js"), "utf8")],
  "uplot.css": ["css", () => readFileSync(requireFrom.resolve("uplot/dist/uPlot.min.css"), "utf8")],
} as const satisfies Record<string, readonly [string, () => string]>;

/** The address of a file; it changes with the version, so that browsers may keep the file. */
export const assetUrl = (name: keyof typeof ASSETS): string => `/admin/assets/${name}?v=${VERSION}`;

/** `GET /assets/:file`: scripts and styles, which are the same for everybody and need no session. */
export function assetRoutes({ mayBeKept }: { readonly mayBeKept: boolean }): Router {
  const router = Router();
  const read = new Map<string, string>();
  router.get("/assets/:file", (req, res, next) => {
    const { file } = req.params;
    if (!isAsset(file)) return next();
    const [type, load] = ASSETS[file];
    const text = read.get(file) ?? load();
    if (mayBeKept) {
      read.set(file, text);
      res.set("Cache-Control", `public, max-age=${YEAR_SECONDS}, immutable`);
    }
    res.type(type).send(text);
  });
  return router;
}

const isAsset = (file: string): file is keyof typeof ASSETS => Object.hasOwn(ASSETS, file);

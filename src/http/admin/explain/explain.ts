import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { EXPLAINED, EXPLAINED_IDS, type Explained, explain } from "../../../explain/index.ts";
import { html } from "../../../html.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { badge, codeHtml, facts, notice, section, sentenceHtml } from "../frame/elements.ts";
import { type FilterField, filterForm, hrefOf, readFilters, textFilter } from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { showPage } from "../frame/page.ts";
import { userLinks } from "../frame/user-links.ts";
import { explanationHtml } from "./explanation-html.ts";

/** Figures, recomputed from their stored inputs. */
export const explainPage: AdminPage = {
  path: "/explain",
  title: "Explain a figure",
  section: "Areas",
  role: "viewer",
  routes: explainRoutes,
};

const PATH = "/admin/explain";

const filterSchema = z.object({
  kind: z.enum(EXPLAINED, "is not a kind of figure").optional(),
  id: textFilter(600),
});

const FIELDS: readonly FilterField[] = [
  { name: "kind", label: "Figure", choices: EXPLAINED, any: "Choose one" },
  { name: "id", label: "Id" },
];

/** The page that explains a figure. */
export const explainHref = (kind: Explained, id: string): string => hrefOf(PATH, { kind, id });

/** `GET /explain?kind=&id=` explains a figure. */
function explainRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/explain", (req, res) => showExplanation(runtime, req, res));
  return router;
}

async function showExplanation(runtime: Runtime, req: Request, res: Response): Promise<void> {
  const filters = readFilters(filterSchema, req);
  const { filter } = filters;
  const title = "Explain a figure";
  const form = filterForm(PATH, FIELDS, filters, "Explain");
  if (filter === null) return showPage(res.status(422), { title, body: form });
  const forms = section(
    "Ids",
    facts(EXPLAINED.map((kind) => [kind, codeHtml(EXPLAINED_IDS[kind])] as const)),
  );
  if (filter.kind === undefined || filter.id === undefined)
    return showPage(res, { title, body: html`${form}${forms}` });
  const found = await explain(runtime.db.drizzle, filter.kind, filter.id);
  if (!found) {
    const missing = notice("There is no such figure, or it is not shown to anybody.", "warn");
    return showPage(res.status(404), { title, body: html`${form}${missing}${forms}` });
  }
  const userOf = await userLinks(runtime.db.drizzle, [found.ownerUserId]);
  const owner = userOf(found.ownerUserId);
  showPage(res, {
    title,
    aside: found.agrees ? badge("agrees with what is stored", "good") : badge("differs", "bad"),
    body: html`${form}<h2>${sentenceHtml(found.title)}</h2>${owner === null ? null : html`<p>It belongs to user ${owner}.</p>`}${explanationHtml(found)}`,
  });
}

import { sql } from "drizzle-orm";
import { type Request, type Response, Router } from "express";
import { type Queryable, rows } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import {
  type EntryFilter,
  entryGroups,
  type FoundEntries,
  findEntries,
  type GroupedEntries,
  type WorkState,
} from "../../../queues/entries.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { sendError, tooManyRequests } from "../../requests/error-response.ts";
import { createRateLimit } from "../../requests/rate-limit.ts";
import { sessionOf } from "../access/guard.ts";
import { actionForm, decisionOf, hiddenField, mayAct } from "../frame/actions.ts";
import { emptyState, formatCount, notice } from "../frame/elements.ts";
import { hrefOf, optionHtml, type PageQuery } from "../frame/filters.ts";
import { showPage } from "../frame/page.ts";
import { ACTIONS, type Action, actOn, type Done, isAction, POSTPONE_SECONDS } from "./act.ts";
import { groupTables } from "./entry-groups.ts";
import { entryTable } from "./entry-table.ts";
import { isFiltered, parametersOf, searchOf, type WorkFilters, workFilters } from "./work-filters.ts";

/** At most this many entries per action. The rest is left to the next action. */
const MAX_ENTRIES = 1_000;
const SHOWN = 10;
const ACTIONS_AT_ONCE = 10;
const ACTIONS_PER_SECOND = 1 / 6;

/** `GET /work/bulk` shows how many entries match and asks; `POST /work/bulk` acts on up to a thousand. */
export function bulkRoutes(runtime: Runtime): Router {
  const router = Router();
  const limit = createRateLimit({
    redis: runtime.producers.redis,
    keyPrefix: `${runtime.config.redisPrefix}:limit:admin-bulk`,
    burst: ACTIONS_AT_ONCE,
    perSecond: ACTIONS_PER_SECOND,
  });
  router.get("/work/bulk", async (req, res) => {
    const given = orderIn(req.query, res);
    if (given === null) return;
    const order = upTo(given, await nextMillisecond(runtime.db.drizzle));
    const [found, groups] = await Promise.all([find(runtime, order, SHOWN), group(runtime, order)]);
    const title = `${ACTIONS[order.action].label} ${entriesText(found.matching)}`;
    showPage(res, {
      title,
      above: [["Work", hrefOf("/admin/work", parametersOf(order.filters))]],
      body: bodyHtml(res, order, { ...found, groups }, runtime.clock.now()),
    });
  });
  router.post("/work/bulk", async (req, res) => {
    const order = orderIn((req.body ?? {}) as Record<string, unknown>, res);
    if (order === null) return;
    const decision = decisionOf(req, res);
    if (decision === null) return;
    const waitMs = await limit.take(sessionOf(res).id);
    if (waitMs > 0) return tooManyRequests(res, waitMs);
    const { entries } = await find(runtime, order, MAX_ENTRIES);
    const done = await runtime.relay.transact((tx) =>
      actOn(tx, runtime.catalogue, {
        decided: decision,
        action: order.action,
        ids: entries.map(({ id }) => id),
        seconds: secondsIn(req),
      }),
    );
    res.redirect(303, hrefOf("/admin/work", { ...parametersOf(order.filters), ...resultIn(done) }));
  });
  return router;
}

type Order = { readonly action: Action; readonly filters: WorkFilters };

/** Null after sending 422: an action without a filter would be about everything. */
function orderIn(given: Record<string, unknown>, res: Response): Order | null {
  const { action } = given;
  const parsed = workFilters.safeParse(
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== "")),
  );
  if (parsed.success && isAction(action) && isFiltered(parsed.data)) return { action, filters: parsed.data };
  sendError(res, 422, {
    code: "no-filter",
    message: "Choose an action, and select entries by job, queue, key, field, time, age or error.",
  });
  return null;
}

/** As the page of Work reads it. */
const resultIn = ({ counts, auditId = null }: Done): PageQuery => ({
  ...counts,
  ...(auditId === null ? {} : { retry: auditId }),
});

/** By Postgres's clock, which entries have their times from, in the milliseconds that pages hold. */
async function nextMillisecond(on: Queryable): Promise<Date> {
  const [row] = await rows<{ at: string }>(
    on,
    sql`select date_trunc('milliseconds', now()) + interval '1 millisecond' as at`,
  );
  return new Date(row?.at ?? Number.NaN);
}

/** An operator does not confirm entries that fail after the page was shown. */
const upTo = ({ action, filters }: Order, now: Date): Order => ({
  action,
  filters: { ...filters, until: filters.until !== undefined && filters.until < now ? filters.until : now },
});

/** A search for each state that allows the action. */
function searches({ clock }: Runtime, { action, filters }: Order): EntryFilter[] {
  const search = searchOf(filters, clock.now());
  return (ACTIONS[action].states as readonly WorkState[])
    .filter((state) => (search.state ?? state) === state)
    .map((state) => ({ ...search, state }));
}

/** Of the entries that match, those whose state allows the action. */
async function find(runtime: Runtime, order: Order, limit: number): Promise<FoundEntries> {
  const found = await Promise.all(
    searches(runtime, order).map((search) =>
      findEntries(runtime.db.drizzle, runtime.catalogue, search, { limit }),
    ),
  );
  return {
    entries: found.flatMap(({ entries }) => entries).slice(0, limit),
    matching: found.reduce((all, { matching }) => all + matching, 0),
    isPartial: found.some(({ isPartial }) => isPartial),
  };
}

/** How many of the same entries there are of each job and with each error. */
const group = (runtime: Runtime, order: Order): Promise<GroupedEntries[]> =>
  Promise.all(
    searches(runtime, order).map((search) => entryGroups(runtime.db.drizzle, runtime.catalogue, search)),
  );

/** A length of time, from the field below. */
export function secondsIn(req: Request): number {
  const by = String((req.body as Record<string, unknown> | undefined)?.["by"]);
  return (Object.hasOwn(POSTPONE_SECONDS, by) ? POSTPONE_SECONDS[by] : undefined) ?? 3_600;
}

/** The field for how long entries are postponed, or a job is paused. */
export const postponeField = (label = "Postpone by"): Html =>
  html`<select name="by" aria-label="${label}">${Object.keys(POSTPONE_SECONDS).map((each) => optionHtml(each, "1 hour"))}</select>`;

const entriesText = (n: number): string => (n === 1 ? "1 entry" : `${formatCount(n)} entries`);

type Confirmed = FoundEntries & { readonly groups: readonly GroupedEntries[] };

function bodyHtml(res: Response, { action, filters }: Order, found: Confirmed, now: Date): Html {
  const { entries, matching, isPartial, groups } = found;
  if (matching === 0) return emptyState("No entry that matches is in a state that allows this.");
  const parameters = Object.entries(parametersOf(filters)).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  const fields = [
    hiddenField("action", action),
    ...parameters.map(([name, value]) => hiddenField(name, value)),
    ...(action === "postpone" ? [postponeField()] : []),
  ];
  const isMore = matching > MAX_ENTRIES || isPartial;
  return html`<dl class="facts">${parameters.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${groupTables(groups, matching)}
${isMore ? notice(`At most ${formatCount(MAX_ENTRIES)} entries at a time: do it again for the others.`, "warn") : null}
${
  mayAct(res)
    ? html`<div class="form">${actionForm(
        sessionOf(res),
        [
          {
            action: "/admin/work/bulk",
            label: `${ACTIONS[action].label} ${entriesText(Math.min(matching, MAX_ENTRIES))}`,
            isDanger: action === "discard",
          },
        ],
        { needsReason: true, fields },
      )}</div>`
    : notice("The viewer login is read-only.", "warn")
}
<h2>${matching > entries.length ? `The first ${entries.length} of them` : "They are"}</h2>
${entryTable(entries, now, "")}`;
}

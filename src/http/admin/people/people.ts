import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { resolveReference } from "../../../db/references.ts";
import type { Queryable } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import { findUsers, readUserCards, type UserCard } from "../../../people/find-users.ts";
import { printable } from "../../../printable.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { facts, notice, regionHtml, section, textHtml, timeHtml } from "../frame/elements.ts";
import { type FilterField, filterForm, readFilters, textFilter } from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";
import { userHref } from "../frame/user-links.ts";
import { whyHref } from "../notifications/decision-table.ts";
import { workAbout } from "../work/subjects.ts";
import { matchesBody, pairsBody, recommendationsBody } from "./lists.ts";
import { rewardsBody } from "./rewards.ts";

/** One user: what was computed for them, and why. */
export const peoplePage: AdminPage = {
  path: "/people",
  title: "One person",
  section: "Areas",
  role: "viewer",
  routes: peopleRoutes,
};

const PATH = "/admin/people";

/** The part of the pages that is replaced. */
const PERSON = "person";

const filterSchema = z.object({
  find: textFilter(320),
});

const FIELDS: readonly FilterField[] = [
  { name: "find", label: "User", placeholder: "id, host's id or e-mail" },
];

/** A part of what was computed for a user, by our id. */
type Part = (on: Queryable, userId: string, now: Date) => Promise<Html>;

/** The parts of a person's page, by the last part of their path, with the tables that they show. */
const PARTS: Readonly<
  Record<string, { readonly title: string; readonly body: Part; readonly live: string }>
> = {
  rewards: {
    title: "Rewards",
    body: rewardsBody,
    live: following("ledger_balances", "multiplier_history", "token_sales", "commissions"),
  },
  matches: {
    title: "Matches",
    body: matchesBody,
    live: following(
      "volunteers",
      "volunteer_skills",
      "projects",
      "project_required_skills",
      "project_members",
      "project_team_members",
      "project_applications",
      "match_dismissals",
    ),
  },
  recommendations: {
    title: "Recommendations",
    body: recommendationsBody,
    live: following(
      "recommendation_lists",
      "recommendation_views",
      "job_applications",
      "jobs",
      "user_profiles",
    ),
  },
  pairs: {
    title: "Pair scores",
    body: pairsBody,
    live: following("list_versions", "pair_lists", "pair_entries", "profiles", "user_blocks"),
  },
};

/** `GET /people?find=` finds a user. `GET /people/:user` shows one, and `GET /people/:user/:part` a list. */
function peopleRoutes(runtime: Runtime): Router {
  const router = Router();
  const on = runtime.db.drizzle;
  router.get("/people", (req, res) => showFound(on, req, res));
  router.get("/people/:user", async (req, res) => {
    const card = await readCard(on, req.params.user);
    if (card === undefined) return showMissing(res);
    const reference = referenceOf(card);
    showPage(res, {
      title: printable(`User ${reference}`),
      above: [["One person", PATH]],
      live: following("users", "volunteer_profiles"),
      body: regionHtml(PERSON, html`${partLinks(reference)}${cardBody(card)}`),
    });
  });
  router.get("/people/:user/:part", async (req, res, next) => {
    const part = Object.hasOwn(PARTS, req.params.part) ? PARTS[req.params.part] : undefined;
    if (part === undefined) return next();
    const card = await readCard(on, req.params.user);
    if (card === undefined) return showMissing(res);
    const reference = referenceOf(card);
    const body = await part.body(on, card.id, runtime.clock.now());
    showPage(res, {
      title: printable(`${part.title} of user ${reference}`),
      above: [
        ["One person", PATH],
        [printable(`User ${reference}`), userHref(reference)],
      ],
      live: part.live,
      body: regionHtml(PERSON, html`${partLinks(reference)}${body}`),
    });
  });
  return router;
}

async function readCard(on: Queryable, reference: string): Promise<UserCard | undefined> {
  const id = await resolveReference(on, "users", reference);
  return id === null ? undefined : (await readUserCards(on, [id]))[0];
}

/** The host's id of a user, if there is one, and the other identifiers. */
const referenceOf = ({ hostId, id }: UserCard): string => hostId ?? id;

const NO_USER = notice("There is no such user. Erased users are not found.", "warn");

/** Shown in place of a person who has been erased since. */
const showMissing = (res: Response): void =>
  showPage(res.status(404), { title: "One person", body: regionHtml(PERSON, NO_USER) });

async function showFound(on: Queryable, req: Request, res: Response): Promise<void> {
  const filters = readFilters(filterSchema, req);
  const { filter } = filters;
  const form = filterForm(PATH, FIELDS, filters, "Find");
  const show = (status: number, body: Html): void =>
    showPage(res.status(status), { title: "One person", body: html`${form}${body}` });
  if (filter === null) return show(422, html``);
  if (filter.find === undefined) return show(200, html``);
  const ids = await findUsers(on, filter.find);
  const [card, ...others] = await readUserCards(on, ids);
  if (card === undefined) return show(404, NO_USER);
  if (others.length === 0) return res.redirect(303, userHref(referenceOf(card)));
  show(200, foundTable([card, ...others]));
}

const foundTable = (cards: readonly UserCard[]): Html =>
  table({
    caption: "Users with this address",
    columns: ["User", "Name", { title: "Created", kind: "fixed" }],
    rows: cards.map((card) => [
      html`<a href="${userHref(referenceOf(card))}">${textHtml(referenceOf(card))}</a>`,
      card.name,
      timeHtml(card.createdAt),
    ]),
    empty: "",
  });

/** Links to everything about a user. */
function partLinks(reference: string): Html {
  const links = [
    ...Object.entries(PARTS).map(([part, { title }]) => [title, `${userHref(reference)}/${part}`] as const),
    ["Feed", `/admin/feeds/${encodeURIComponent(reference)}`] as const,
    ["Notifications", whyHref({ user: reference })] as const,
  ];
  return html`<nav class="links" aria-label="About this user">${links.map(([title, href]) => html`<a href="${href}">${title}</a>`)}</nav>`;
}

const cardBody = ({ id, hostId, name, email, timeZone, profiles, ...times }: UserCard): Html =>
  html`${section(
    "User",
    facts([
      ["Our id", id],
      ["Host's id", hostId],
      ["Name", name],
      ["E-mail", email],
      ["Time zone", timeZone],
      ["Created", timeHtml(times.createdAt)],
      ["Last active", timeHtml(times.lastActiveAt)],
      ["Deactivated", timeHtml(times.deactivatedAt)],
      ["Work", workAbout("userId", id)],
    ]),
  )}
${section(
  "Profiles",
  table({
    caption: "Volunteer profiles",
    columns: [
      "Profile",
      "Organization",
      { title: "Level", kind: "number" },
      { title: "Multiplier", kind: "number" },
    ],
    rows: profiles.map((profile) => [profile.id, profile.organization, profile.level, profile.multiplier]),
    empty: "The user has no volunteer profile.",
  }),
)}`;

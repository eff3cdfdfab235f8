import { type RequestHandler, Router } from "express";
import { html } from "../../html.ts";
import { findPeople, suggestPeople } from "../../people/find-people.ts";
import { readSubjects } from "../../people/search-references.ts";
import { readSearchable } from "../../people/searchable.ts";
import { readShownPeople, type ShownPerson } from "../../people/shown-people.ts";
import type { Runtime } from "../../roles/runtime.ts";
import type { FacetCount, Facets } from "../../scoring/people/search/facets.ts";
import { highlight } from "../../scoring/people/search/highlight.ts";
import type { SearchTerm } from "../../scoring/people/search/parse-search.ts";
import type { Ranked } from "../../scoring/people/search/rank-person.ts";
import { CANDIDATES } from "../../scoring/people/search/standing.ts";
import { sendError } from "../requests/error-response.ts";
import { userOf } from "./auth.ts";
import { searchLimits } from "./search-limits.ts";
import { readSearch, readSuggest } from "./search-query.ts";

/**
 * `GET /search/profiles`: people by words and filters, best first. `GET /search/suggest?q=&limit=`: people
 * whose names begin with `q`. `GET /users/me/searchable`: whether the authenticated user is found, and if
 * not, why.
 */
export function searchRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  const limits = searchLimits(runtime);
  const on = runtime.db.drizzle;
  router.get("/search/profiles", auth, limits.searches, async (req, res) => {
    const viewerId = userOf(res);
    const query = await readSearch(on, viewerId, req, res);
    if (query === null) return;
    const { terms, filter, center, page, pageSize } = query;
    const now = runtime.clock.now();
    const found = await limits.atOnce(res, () =>
      findPeople(on, { viewerId, terms, filter, today: now, facets: query.facets }),
    );
    if (found === null) return;
    const onPage = found.ranked.slice((page - 1) * pageSize, page * pageSize);
    const people = await readShownPeople(on, idsOf(onPage), { center, now });
    if (!(await limits.countShown(res, people.length))) return;
    const positive = terms.filter(({ negated }) => !negated);
    const ranks = new Map(onPage.map((ranked) => [ranked.userId, ranked]));
    res.set("Cache-Control", "no-store").json({
      people: people.map((person) => ({
        ...personResponse(person),
        ...highlights(person, positive),
        matches: matchesOf(ranks.get(person.userId), positive),
      })),
      total: found.ranked.length,
      total_is_capped: found.isCapped,
      all_words: found.ranked[0]?.matches.every((match) => match !== null) ?? true,
      page,
      page_size: pageSize,
      total_pages: Math.ceil(found.ranked.length / pageSize),
      ...(found.facets ? { facets: await facetsResponse(runtime, found.facets, found.isCapped) } : {}),
    });
  });
  router.get("/search/suggest", auth, limits.searches, async (req, res) => {
    const query = readSuggest(req, res);
    if (query === null) return;
    const [viewerId, now] = [userOf(res), runtime.clock.now()];
    const ranked = await limits.atOnce(res, () =>
      suggestPeople(on, { viewerId, words: query.words, today: now }),
    );
    if (ranked === null) return;
    const people = await readShownPeople(on, idsOf(ranked.slice(0, query.limit)), { center: null, now });
    if (!(await limits.countShown(res, people.length))) return;
    res.set("Cache-Control", "no-store").json({
      people: people.map(({ reference, name, location }) => ({ user_id: reference, name, location })),
    });
  });
  router.get("/users/me/searchable", auth, async (_req, res) => {
    const found = await readSearchable(on, userOf(res));
    if (found === null)
      return sendError(res, 404, {
        code: "not-found",
        message: "You have no profile, or it was created moments ago. Try again in a minute.",
      });
    res.set("Cache-Control", "no-store").json({ ...found, threshold: runtime.config.search.completeness });
  });
  return router;
}

const idsOf = (ranked: readonly Ranked[]): string[] => ranked.map(({ userId }) => userId);

const personResponse = ({ reference, name, age, gender, intent, location, distance }: ShownPerson) => ({
  user_id: reference,
  name,
  age,
  gender,
  intent,
  location,
  distance,
});

/** Name and bio as HTML, in which nothing but `<mark>` is markup. */
function highlights({ name, bio }: ShownPerson, terms: readonly SearchTerm[]) {
  const words = terms.flatMap((term) => term.words);
  const marked = (text: string): string =>
    html`${highlight(text, words).map((piece) => (piece.isMatch ? html`<mark>${piece.text}</mark>` : html`${piece.text}`))}`
      .html;
  return { name_html: marked(name), bio_html: bio === null ? null : marked(bio) };
}

/** Where and how each term was found, which explains the order. */
const matchesOf = (ranked: Ranked | undefined, terms: readonly SearchTerm[]) =>
  (ranked?.matches ?? []).flatMap((match, index) =>
    match === null
      ? []
      : [{ words: terms[index]?.words.join(" ") ?? "", field: match.field, how: match.how }],
  );

async function facetsResponse({ db }: Runtime, facets: Facets, isCapped: boolean) {
  const subjects = await readSubjects(
    db.drizzle,
    facets.subject.map(({ value }) => value),
  );
  const counted = ({ value, count }: FacetCount) => ({ value, count });
  return {
    of: isCapped ? `${CANDIDATES.toLocaleString("en-US")}+` : "all",
    gender: facets.gender.map(counted),
    intent: facets.intent.map(counted),
    age: facets.age.map(counted),
    subjects: facets.subject.flatMap(({ value, count }) => {
      const subject = subjects.get(value);
      return subject ? [{ value: subject.reference, label: subject.label, count }] : [];
    }),
  };
}

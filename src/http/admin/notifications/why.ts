import type { Request, Response } from "express";
import { z } from "zod";
import { referencesTo } from "../../../db/references.ts";
import type { Queryable } from "../../../db/statement.ts";
import { readOutlook } from "../../../email/next-digest.ts";
import { SUPPRESSION_REASONS, type Suppression, suppressionOfUser } from "../../../email/suppressions.ts";
import { type Html, html } from "../../../html.ts";
import { countForEvent, listForEvent, listForUser } from "../../../notifications/decision-log.ts";
import { describePreference } from "../../../notifications/describe-decision.ts";
import { describeOutcome } from "../../../notifications/describe-outcome.ts";
import { type FoundEvent, findEvent } from "../../../notifications/find-event.ts";
import {
  type NamedPreference,
  readUserPreferences,
  timeOfDay,
  type UserPreferences,
  withScopeNames,
} from "../../../notifications/user-preferences.ts";
import { type OutlookOf, whyNotified } from "../../../notifications/why-notified.ts";
import { findUsers } from "../../../people/find-users.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import {
  codeHtml,
  facts,
  formatSeconds,
  notice,
  regionHtml,
  section,
  sentenceHtml,
  textHtml,
  timeHtml,
} from "../frame/elements.ts";
import { type Filters, filterForm, idFilter, readFilters, textFilter } from "../frame/filters.ts";
import { cursorPager } from "../frame/older.ts";
import { following, showPage } from "../frame/page.ts";
import { namedRows } from "../frame/row-names.ts";
import { userLinks } from "../frame/user-links.ts";
import { countTable, decisionTable, whyHref } from "./decision-table.ts";

const PATH = "/admin/notifications/why";
const PER_PAGE = 50;

/** The facts shown about an event and a user. */
const LIVE = following(
  "deliveries",
  "emails",
  "event_outcomes",
  "notifications",
  "email_suppressions",
  "user_notification_settings",
  "notification_preferences",
  "job_pauses",
);

const text = textFilter(320);

const filterSchema = z.object({
  user: text,
  event: text,
  before: idFilter,
  after: idFilter,
});
type Filter = z.infer<typeof filterSchema>;

/** The form that asks about a user, an event, or both. */
export const whyForm = (filters: Pick<Filters<unknown>, "given" | "faults">): Html =>
  filterForm(
    PATH,
    [
      { name: "user", label: "User", placeholder: "id, host's id or e-mail" },
      { name: "event", label: "Event", placeholder: "our id, or the host's" },
    ],
    filters,
    "Find",
  );

/** Answers who was notified of an event, what a user was notified of, or both. */
export async function showWhy(runtime: Runtime, req: Request, res: Response): Promise<void> {
  const on = runtime.db.drizzle;
  const filters = readFilters(filterSchema, req);
  const { filter } = filters;
  const show = (status: number, body: Html): void =>
    showPage(res.status(status), {
      title: "Who was notified, and why not",
      above: [["Notifications", "/admin/notifications"]],
      live: status === 422 ? false : LIVE,
      body: html`${whyForm(filters)}${regionHtml("answer", body)}`,
    });
  if (filter === null) return show(422, html``);
  const event = filter.event === undefined ? undefined : await findEvent(on, filter.event);
  if (filter.event !== undefined && !event)
    return show(404, notice("There is no such event. Old events are deleted.", "warn"));
  const [userId, ...others] = filter.user === undefined ? [] : await findUsers(on, filter.user);
  if (filter.user !== undefined && userId === undefined)
    return show(404, notice("There is no such user.", "warn"));
  if (others.length > 0) return show(200, await severalUsers(on, [userId as string, ...others], event));
  show(200, await answer(runtime, filters.given, filter, { event, userId }));
}

type Subject = { readonly event: FoundEvent | undefined; readonly userId: string | undefined };

async function answer(
  runtime: Runtime,
  given: Filters<unknown>["given"],
  filter: Filter,
  { event, userId }: Subject,
): Promise<Html> {
  const on = runtime.db.drizzle;
  if (event && userId !== undefined) return bothBody(runtime, event, userId);
  if (event) return eventBody(on, event, given, filter);
  return userId === undefined ? html`` : userBody(runtime, userId, given, filter);
}

async function severalUsers(
  on: Queryable,
  ids: readonly string[],
  event: FoundEvent | undefined,
): Promise<Html> {
  const referenceOf = await referencesTo(on, "users", ids);
  const query = event ? { event: event.id } : {};
  return html`<p>Several users have this address. Whom do you mean?</p><ul>${ids.map(
    (id) =>
      html`<li><a href="${whyHref({ ...query, user: referenceOf(id) })}">${textHtml(referenceOf(id))}</a></li>`,
  )}</ul>`;
}

/** When e-mail of a user that waits is sent. */
function outlookFor({ db, clock, settings, log }: Runtime, userId: string): Promise<OutlookOf> {
  const zones = { defaultZone: settings.notifications.userTimeZone, log };
  return readOutlook(db.drizzle, userId, clock.now(), zones);
}

async function bothBody(runtime: Runtime, event: FoundEvent, userId: string): Promise<Html> {
  const on = runtime.db.drizzle;
  const outlookOf = await outlookFor(runtime, userId);
  const { lines, sentences } = await whyNotified(on, event, userId, runtime.clock.now(), outlookOf);
  const [userOf, suppression] = await Promise.all([userLinks(on, [userId]), suppressionOfUser(on, userId)]);
  const address = suppression && html`<li>Today the address is ${addressHtml(suppression)}.</li>`;
  return html`${section("Answer", html`<p>User ${userOf(userId)}, event ${event.id}:</p><ul>${sentences.map((sentence) => html`<li>${sentenceHtml(sentence)}</li>`)}${address}</ul>`)}
${section("Event", await eventFacts(on, event))}
${section("Decisions", await decisionTable(on, lines, "Nothing was decided for this user.", outlookOf))}`;
}

async function eventFacts(on: Queryable, event: FoundEvent): Promise<Html> {
  const { actorId, projectId } = event;
  const [userOf, projectOf] = await Promise.all([
    userLinks(on, [actorId]),
    namedRows(on, "projects", projectId === null ? [] : [projectId]),
  ]);
  return facts([
    ["Event", html`<a href="${whyHref({ event: event.id })}">${event.id}</a>`],
    ["Host's id", event.hostId],
    ["Type", codeHtml(event.type)],
    ["Actor", userOf(actorId)],
    ...(projectId === null ? [] : ([["Project", projectOf(projectId)]] as const)),
    ["Occurred", timeHtml(event.occurredAt)],
    ["Outcome", event.outcome ?? "not decided yet"],
    ["That is", describeOutcome(event)],
    ["Decided", timeHtml(event.decidedAt)],
  ]);
}

async function eventBody(
  on: Queryable,
  event: FoundEvent,
  given: Filters<unknown>["given"],
  { after }: Filter,
): Promise<Html> {
  const [counts, page] = await Promise.all([
    countForEvent(on, event.id),
    listForEvent(on, event.id, { after, limit: PER_PAGE }),
  ]);
  return html`${section("Event", await eventFacts(on, event))}
${section("Decisions by channel and reason", countTable(counts, null))}
${section("Recipients", html`${await decisionTable(on, page.lines, "Nobody was notified of it.")}${cursorPager(PATH, given, { name: "after", next: page.after })}`)}`;
}

async function userBody(
  runtime: Runtime,
  userId: string,
  given: Filters<unknown>["given"],
  { before }: Filter,
): Promise<Html> {
  const on = runtime.db.drizzle;
  const [page, wanted, userOf, outlookOf, suppression] = await Promise.all([
    listForUser(on, userId, { before, limit: PER_PAGE }),
    readUserPreferences(on, userId),
    userLinks(on, [userId]),
    outlookFor(runtime, userId),
    suppressionOfUser(on, userId),
  ]);
  const preferences = await withScopeNames(on, wanted.preferences);
  return html`${section("Preferences", preferencesHtml({ ...wanted, preferences }, userOf(userId), addressHtml(suppression)))}
${section("Newest first", html`<p class="dim">To learn why something is missing, give its event above.</p>${await decisionTable(on, page.lines, "Nothing was decided for this user.", outlookOf)}${cursorPager(PATH, given, { name: "before", next: page.before })}`)}`;
}

type ShownPreferences = Omit<UserPreferences, "preferences"> & {
  readonly preferences: readonly NamedPreference[];
};

function preferencesHtml(
  { frequency, quiet, isUnsubscribed, unsubscribedTypes, preferences }: ShownPreferences,
  user: Html | null,
  address: Html,
): Html {
  return facts([
    ["User", user],
    ["Address", address],
    ["E-mail at most", frequency],
    ["Quiet hours", quiet && quietHtml(quiet)],
    ["Unsubscribed from", isUnsubscribed ? "all e-mail but must-send" : unsubscribedTypes.join(", ")],
    [
      "Preferences",
      preferences.length === 0
        ? "none: as each type says"
        : html`<ul>${preferences.map((preference) => html`<li>${textHtml(describePreference(preference))}</li>`)}</ul>`,
    ],
  ]);
}

/** Quiet hours that leave less than this for e-mail are probably a mistake. */
const FEW_MINUTES = 8 * 60;
const DAY_MINUTES = 24 * 60;

function quietHtml({ from, to }: NonNullable<UserPreferences["quiet"]>): Html {
  const hours = html`${timeOfDay(from)} to ${timeOfDay(to)}, in the user's zone`;
  // Equal times are no quiet hours.
  const open = from === to ? DAY_MINUTES : (from - to + DAY_MINUTES) % DAY_MINUTES;
  if (open >= FEW_MINUTES) return hours;
  return html`${hours} <span class="warn">leaves ${formatSeconds(open * 60)} a day: e-mail is sent only from ${timeOfDay(to)} to ${timeOfDay(from)}</span>`;
}

/** Whether the address of a user is suppressed, since when and why. */
const addressHtml = (suppression: Suppression | undefined): Html =>
  suppression === undefined
    ? html`not suppressed`
    : html`<span class="warn">suppressed</span> since ${timeHtml(suppression.createdAt)}: ${SUPPRESSION_REASONS[suppression.reason]} (<a href="/admin/suppressions">Suppressed addresses</a>)`;

import type { LatestDecision } from "../../../db/audit-log.ts";
import { type Html, html } from "../../../html.ts";
import type { DecidedPause } from "../../../queues/job-pauses.ts";
import type { SchedulePause } from "../../../schedules/pause.ts";
import { sendEmails } from "../../../workers/notifications/email/send-emails.ts";
import { badge, section, textHtml, timeHtml } from "../frame/elements.ts";
import { hrefOf } from "../frame/filters.ts";
import { table } from "../frame/table.ts";

const CLI = "cli:";

/** The actor in the audit log: a login of the dashboard, or a user of the command line. */
export const actorText = (actor: string): string =>
  actor.startsWith(CLI) ? `${actor.slice(CLI.length)} (command line)` : actor;

const jobSubject = (job: string): string => `jobs:${job}`;
const scheduleSubject = (name: string): string => `schedules:${name}`;

/** ` by admin: the reason`, with a link to the audit log; nothing where it is not known. */
const byHtml = (subject: string, decided: LatestDecision | null): Html | null =>
  decided &&
  html` by ${actorLink(subject, decided)}${decided.reason === null ? null : html`: ${textHtml(decided.reason)}`}`;

const actorLink = (subject: string, { actor }: LatestDecision): Html =>
  html`<a href="${hrefOf("/admin/audit", { subject })}">${textHtml(actorText(actor))}</a>`;

/** Until when a job is paused, by whom and why: ` until 12:00 by admin: the reason`. */
export const jobPauseText = ({ job, until, decided }: DecidedPause): Html =>
  html` until ${timeHtml(until)}${byHtml(jobSubject(job), decided)}`;

/** The same beside the name of a job; nothing for one that is not paused. */
export const pausedJob = (pause: DecidedPause | undefined): Html | null =>
  pause === undefined ? null : html`<small class="warn why">paused${jobPauseText(pause)}</small>`;

/** Why unsettled work of a job waits, if it is paused. */
export function pausedWork(pauses: readonly DecidedPause[], job: string | undefined): Html | null {
  const pause = pauses.find((each) => each.job === job);
  if (pause === undefined) return null;
  return html`<p class="warn why">It waits: <a href="/admin/jobs/${pause.job}">${pause.job}</a> is paused${jobPauseText(pause)}</p>`;
}

/** In place of the next slot of a schedule: since when it is paused, by whom and why. */
export const pausedSchedule = ({ name, since, decided }: SchedulePause): Html =>
  html`${badge("paused", "warn")}<small class="why">since ${timeHtml(since)}${byHtml(scheduleSubject(name), decided)}</small>`;

/** The notice that no e-mail is sent, for the top of lists of e-mails: until when, by whom and why. */
export function pausedSending(pauses: readonly DecidedPause[]): Html {
  const pause = pauses.find(({ job }) => job === sendEmails.name);
  if (pause === undefined) return html``;
  return html`<p class="warn why">No e-mail is sent: <a href="/admin/jobs/${pause.job}">${pause.job}</a> is paused${jobPauseText(pause)}</p>`;
}

export type Paused = {
  readonly schedules: readonly SchedulePause[];
  readonly jobs: readonly DecidedPause[];
};

/** What operators have paused, under a heading; empty if nothing is paused. */
export function pausedSection({ schedules, jobs }: Paused): Html {
  if (schedules.length === 0 && jobs.length === 0) return html``;
  return section(
    "Paused",
    table({
      caption: "Paused schedules and jobs",
      columns: [
        { title: "What", kind: "fixed" },
        { title: "Since", kind: "fixed" },
        { title: "Until", kind: "fixed" },
        "By whom",
        { title: "Why", kind: "long" },
      ],
      rows: [
        ...schedules.map(({ name, since, decided }) => [
          html`<a href="${scheduleHref(name)}">${name}</a><small>schedule</small>`,
          timeHtml(since),
          "it is resumed",
          decided && actorLink(scheduleSubject(name), decided),
          decided?.reason,
        ]),
        ...jobs.map(({ job, until, decided }) => [
          html`<a href="/admin/jobs/${job}">${job}</a><small>job</small>`,
          timeHtml(decided?.at ?? null),
          timeHtml(until),
          decided && actorLink(jobSubject(job), decided),
          decided?.reason,
        ]),
      ],
      empty: "",
    }),
  );
}

/** The line of a schedule on its page. */
export const scheduleHref = (name: string): string => `/admin/schedules#${name}`;

import { sql } from "drizzle-orm";
import type { z } from "zod";
import { IS_OPEN, IS_VISIBLE } from "../db/candidacy.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { leadCandidatesFound } from "../events/matching.ts";
import { cleanName, nameIn } from "./clean-name.ts";
import { itemsAsTable } from "./keep-where.ts";
import { defineNotification, type PendingItem } from "./notification-type.ts";
import { SAMPLE_GARDENS } from "./samples.ts";
import { named, projectLink } from "./wording.ts";

/** For the project's team lead, or its creator if it has none. Nobody else learns who the candidates are. */
export const leadCandidatesFoundNotification = defineNotification({
  event: leadCandidatesFound,
  recipients: sql`
    select e.event_id, coalesce(p.team_lead, p.created_by) as user_id from e join projects p on p.id = e.project_id`,
  access: "project",
  inApp: true,
  email: {
    kind: "immediate",
    section: "Candidates",
    button: "View the candidates",
    reason: "You get this because you lead this project.",
    about: "candidates",
    sample: {
      payload: {
        count: 3,
        candidates: [
          { user_id: "6", name: "Ada Obi", score: 91 },
          { user_id: "7", name: "Tomás O'Brien", score: 84 },
          { user_id: "8", name: "Lin <Mei>", score: 70 },
        ],
      },
      project: SAMPLE_GARDENS,
    },
  },
  texts: {
    title: { count: { one: "{count} candidate for {project}", other: "{count} candidates for {project}" } },
    body: {
      count: {
        one: "**{count} candidate** with matching skills for **{project}**.",
        other: "**{count} candidates** with matching skills for **{project}**.",
      },
    },
    listed: {
      count: {
        one: "**{count} candidate** with matching skills for **{project}**: {candidates}.",
        other: "**{count} candidates** with matching skills for **{project}**: {candidates}.",
      },
    },
    candidate: "**{name}** ({score})",
    yourProject: "your project",
  },
  text: (event, { plain, markdown, list, percent, someone }) => {
    const { count } = event.payload;
    const project = named(event.names.project, plain("yourProject"));
    const candidates = (event.payload.candidates ?? []).map(({ name, score }) =>
      markdown("candidate", { name: named(cleanName(name), someone), score: percent(score) }),
    );
    return {
      title: plain("title", { count, project }),
      body:
        candidates.length === 0
          ? markdown("body", { count, project })
          : markdown("listed", { count, project, candidates: { markdown: list(candidates) } }),
      link: `${projectLink(event)}/candidates`,
    };
  },
  /** Mailed to the current lead of the project, with the candidates who still show their skills. */
  recheck: async (tx, items) => {
    const visible = await readVisible(tx, items);
    return new Map(
      items.map(({ deliveryId, event }) => {
        const names = visible.get(deliveryId);
        const { candidates } = event.payload;
        if (names === undefined) return [deliveryId, null];
        if (candidates === undefined) return [deliveryId, event];
        const left = candidates.flatMap((one) => {
          const name = names[one.user_id];
          return name === undefined ? [] : [{ ...one, name }];
        });
        const payload = { ...event.payload, count: left.length, candidates: left };
        return [deliveryId, left.length === 0 ? null : { ...event, payload }];
      }),
    );
  },
});

type Found = z.output<typeof leadCandidatesFound.payload>;

/**
 * The names of the candidates who show their skills, by user, for each delivery to the present lead of an
 * open project.
 */
async function readVisible(
  tx: Tx,
  items: readonly PendingItem<Found>[],
): Promise<Map<string, Readonly<Record<string, string>>>> {
  const found = await rows<{ id: string; names: Record<string, string> }>(
    tx,
    sql`select i.delivery_id as id,
               (select coalesce(jsonb_object_agg(u.id, ${nameIn("u.name")}), '{}') from jsonb_array_elements(i.payload->'candidates') c
                join volunteers v on v.user_id = (c->>'user_id')::bigint and ${IS_VISIBLE}
                join users u on u.id = v.user_id) as names
        from ${itemsAsTable(items)} join projects p on p.id = i.project_id
        where ${IS_OPEN} and coalesce(p.team_lead, p.created_by) = i.user_id`,
  );
  return new Map(found.map(({ id, names }) => [id, names]));
}

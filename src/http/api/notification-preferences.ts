import express, { type RequestHandler, Router } from "express";
import { z } from "zod";
import { resolveOrKeep } from "../../db/references.ts";
import { notificationPreferences, userNotificationSettings } from "../../db/schema/notifications.ts";
import type { Queryable } from "../../db/statement.ts";
import { inTransaction } from "../../db/transaction.ts";
import { referenceField } from "../../ids.ts";
import { NOTIFICATION_TYPES } from "../../notifications/index.ts";
import {
  readUserPreferences,
  timeOfDay,
  type UserPreferences,
  type WantedPreferences,
  withHostScopes,
  writeUserPreferences,
} from "../../notifications/user-preferences.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { USUAL_DIGEST } from "../../scoring/notifications/digest-times.ts";
import { sendFaults, validateBody } from "../requests/validate.ts";
import { userOf } from "./auth.ts";

const MAX_PREFERENCES = 500;
const TYPES = new Set(["*", ...NOTIFICATION_TYPES.map(({ event }) => event.type)]);

/** In ISO order: Monday is 1. */
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

type Day = (typeof DAYS)[number];
const dayOf = (number: number): Day => DAYS[number - 1] ?? "monday";

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of day such as 22:00");

const preference = z
  .strictObject({
    scope_type: z.enum(notificationPreferences.scopeType.enumValues),
    scope_id: referenceField()
      .nullish()
      .transform((value) => value ?? null),
    event_type: z.string().refine((type) => TYPES.has(type), "must be * or an event type"),
    channel: z.enum(notificationPreferences.channel.enumValues),
    status: z.enum(notificationPreferences.status.enumValues),
  })
  .refine(({ scope_type: type, scope_id: scopeId }) => (type === "global") === (scopeId === null), {
    path: ["scope_id"],
    message: "must be the id of the project or thread, and absent for global",
  });

/**
 * Strict: absent fields are reset to their defaults, so a misspelt field must not count as absent. Absent
 * fields about unsubscribing keep their values: only an explicit one subscribes the user again.
 */
export const preferencesBody = z.strictObject({
  frequency: z.enum(userNotificationSettings.frequency.enumValues).default("immediate"),
  quiet_hours: z.strictObject({ from: clock, to: clock }).nullable().default(null),
  digest_hour: z.int().min(0).max(23).default(USUAL_DIGEST.hour),
  digest_day: z.enum(DAYS).default(dayOf(USUAL_DIGEST.day)),
  reminder_offsets: z
    .array(z.union([z.literal(30), z.literal(15), z.literal(5)], "must be 30, 15 or 5"))
    .default([30]),
  unsubscribed: z.boolean().optional(),
  unsubscribed_types: z
    .array(z.string().refine((type) => type !== "*" && TYPES.has(type), "must be an event type"))
    .max(TYPES.size)
    .transform((types) => [...new Set(types)].sort())
    .optional(),
  preferences: z
    .array(preference)
    .max(MAX_PREFERENCES)
    .default([])
    .refine(
      (all) =>
        new Set(all.map((p) => [p.scope_type, p.scope_id, p.event_type, p.channel].join())).size ===
        all.length,
      "must contain each combination of scope, event type and channel once",
    ),
});

/**
 * `GET /notification-preferences`: the preferences of the authenticated user. `PUT` replaces all of them;
 * absent fields are reset to their defaults.
 */
export function preferenceRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  router.get("/notification-preferences", auth, async (_req, res) => {
    const preferences = await readUserPreferences(runtime.db.drizzle, userOf(res));
    res.set("Cache-Control", "no-store").json(await preferencesResponse(runtime.db.drizzle, preferences));
  });
  router.put("/notification-preferences", auth, express.json({ limit: "128kb" }), async (req, res) => {
    const given = validateBody(preferencesBody, req, res, "bad-preferences");
    if (given === null) return;
    const preferences = preferencesFrom(given, await scopesOf(runtime.db.drizzle, userOf(res), given));
    const unknown = preferences.preferences.flatMap(({ scopeType, scopeId }, index) =>
      scopeType !== "global" && scopeId === null
        ? [{ field: `preferences.${index}.scope_id`, fault: "is unknown" }]
        : [],
    );
    if (unknown.length > 0) return sendFaults(res, "bad-preferences", unknown);
    const written = await inTransaction(runtime.db, (tx) =>
      writeUserPreferences(tx, userOf(res), preferences, runtime.clock.now()),
    );
    res.set("Cache-Control", "no-store").json(await preferencesResponse(runtime.db.drizzle, written));
  });
  return router;
}

const SCOPE_TABLES = { project: "projects", thread: "chat_threads" } as const;

type Scopes = Readonly<Record<keyof typeof SCOPE_TABLES, ReadonlyMap<string, string>>>;

/**
 * Our ids of the projects and threads that preferences refer to. Ids that are stored already stay valid after
 * their row is gone.
 */
async function scopesOf(
  on: Queryable,
  userId: string,
  { preferences }: z.output<typeof preferencesBody>,
): Promise<Scopes> {
  const stored = await readUserPreferences(on, userId);
  const resolve = async (type: keyof Scopes) => {
    const given = preferences.filter((preference) => preference.scope_type === type);
    const kept = stored.preferences.filter(({ scopeType }) => scopeType === type);
    const references = given.flatMap(({ scope_id: id }) => id ?? []);
    return new Map([
      ...kept.flatMap(({ scopeId: id }) => (id === null ? [] : [[id, id] as const])),
      ...(await resolveOrKeep(on, SCOPE_TABLES[type], references)),
    ]);
  };
  return { project: await resolve("project"), thread: await resolve("thread") };
}

function preferencesFrom(given: z.output<typeof preferencesBody>, scopes: Scopes): WantedPreferences {
  const quiet = given.quiet_hours;
  return {
    frequency: given.frequency,
    quiet: quiet === null ? null : { from: minutesOf(quiet.from), to: minutesOf(quiet.to) },
    digestHour: given.digest_hour,
    digestDay: DAYS.indexOf(given.digest_day) + 1,
    reminderOffsets: [...new Set(given.reminder_offsets)].sort((a, b) => b - a),
    isUnsubscribed: given.unsubscribed ?? null,
    unsubscribedTypes: given.unsubscribed_types ?? null,
    preferences: given.preferences.map((p) => ({
      scopeType: p.scope_type,
      scopeId: p.scope_type === "global" ? null : (scopes[p.scope_type].get(p.scope_id ?? "") ?? null),
      eventType: p.event_type,
      channel: p.channel,
      status: p.status,
    })),
  };
}

async function preferencesResponse(on: Queryable, wanted: UserPreferences) {
  const { frequency, quiet, isUnsubscribed, unsubscribedTypes, preferences } = wanted;
  return {
    frequency,
    quiet_hours: quiet && { from: timeOfDay(quiet.from), to: timeOfDay(quiet.to) },
    digest_hour: wanted.digestHour,
    digest_day: dayOf(wanted.digestDay),
    reminder_offsets: wanted.reminderOffsets,
    unsubscribed: isUnsubscribed,
    unsubscribed_types: [...unsubscribedTypes].sort(),
    preferences: (await withHostScopes(on, preferences)).map((preference) => ({
      scope_type: preference.scopeType,
      scope_id: preference.scopeId,
      event_type: preference.eventType,
      channel: preference.channel,
      status: preference.status,
    })),
  };
}

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

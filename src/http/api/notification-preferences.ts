import express, { Router } from "express";
import { z } from "zod";
import { notificationPreferences, userNotificationSettings } from "../../db/schema/notifications.ts";
import { inTransaction } from "../../db/transaction.ts";
import { idField } from "../../ids.ts";
import { NOTIFICATION_TYPES } from "../../notifications/index.ts";
import {
  readUserPreferences,
  type UserPreferences,
  writeUserPreferences,
} from "../../notifications/user-preferences.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { userAuth, userOf } from "../auth.ts";
import { validateBody } from "../validate.ts";

const MAX_PREFERENCES = 500;
const TYPES = new Set(["*", ...NOTIFICATION_TYPES.map(({ event }) => event.type)]);

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of day such as 22:00");

const preference = z
  .strictObject({
    scope_type: z.enum(notificationPreferences.scopeType.enumValues),
    scope_id: idField()
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

/** Strict: absent fields are reset to their defaults, so a misspelt field must not count as absent. */
const body = z.strictObject({
  frequency: z.enum(userNotificationSettings.frequency.enumValues).default("immediate"),
  quiet_hours: z.strictObject({ from: clock, to: clock }).nullable().default(null),
  reminder_offsets: z
    .array(z.union([z.literal(30), z.literal(15), z.literal(5)], "must be 30, 15 or 5"))
    .default([30]),
  unsubscribed: z.boolean().default(false),
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
 * `GET /notification-preferences`: the preferences of the authenticated user. `PUT` replaces all of them; absent fields are reset to
 * their defaults.
 */
export function preferenceRoutes(runtime: Runtime): Router {
  const router = Router();
  const auth = userAuth(runtime);
  router.get("/notification-preferences", auth, async (_req, res) => {
    const preferences = await readUserPreferences(runtime.db.drizzle, userOf(res));
    res.set("Cache-Control", "no-store").json(preferencesResponse(preferences));
  });
  router.put("/notification-preferences", auth, express.json({ limit: "128kb" }), async (req, res) => {
    const given = validateBody(body, req, res, "bad-preferences");
    if (given === null) return;
    const preferences = preferencesFrom(given);
    await inTransaction(runtime.db, (tx) => writeUserPreferences(tx, userOf(res), preferences));
    res.set("Cache-Control", "no-store").json(preferencesResponse(preferences));
  });
  return router;
}

function preferencesFrom(given: z.output<typeof body>): UserPreferences {
  const quiet = given.quiet_hours;
  return {
    frequency: given.frequency,
    quiet: quiet === null ? null : { from: minutesOf(quiet.from), to: minutesOf(quiet.to) },
    reminderOffsets: [...new Set(given.reminder_offsets)].sort((a, b) => b - a),
    isUnsubscribed: given.unsubscribed,
    preferences: given.preferences.map((p) => ({
      scopeType: p.scope_type,
      scopeId: p.scope_id,
      eventType: p.event_type,
      channel: p.channel,
      status: p.status,
    })),
  };
}

const preferencesResponse = ({
  frequency,
  quiet,
  reminderOffsets,
  isUnsubscribed,
  preferences,
}: UserPreferences) => ({
  frequency,
  quiet_hours: quiet && { from: clockOf(quiet.from), to: clockOf(quiet.to) },
  reminder_offsets: reminderOffsets,
  unsubscribed: isUnsubscribed,
  preferences: preferences.map(({ scopeType, scopeId, eventType, channel, status }) => ({
    scope_type: scopeType,
    scope_id: scopeId,
    event_type: eventType,
    channel,
    status,
  })),
});

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

const clockOf = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

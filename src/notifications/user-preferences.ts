import { sql } from "drizzle-orm";
import { referencesTo, rowNames } from "../db/references.ts";
import type { userNotificationSettings } from "../db/schema/notifications.ts";
import { type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { USUAL_DIGEST } from "../scoring/notifications/digest-times.ts";
import type { Preference } from "../scoring/notifications/preference.ts";
import {
  ALL_EMAIL,
  addUnsubscriptions,
  removeUnsubscriptions,
  unsubscribedTypes,
} from "./unsubscriptions.ts";

type Frequency = (typeof userNotificationSettings.$inferSelect)["frequency"];

/** The notification preferences of a user. Quiet hours are minutes of the local day. */
export type UserPreferences = {
  readonly frequency: Frequency;
  readonly quiet: { readonly from: number; readonly to: number } | null;
  /** The hour of daily and weekly digests, from 0 to 23. */
  readonly digestHour: number;
  /** The day of weekly digests, from 1 (Monday) to 7. */
  readonly digestDay: number;
  readonly reminderOffsets: readonly number[];
  /** From all e-mail but must-send. */
  readonly isUnsubscribed: boolean;
  /** The types of events that the user unsubscribed from in e-mail. */
  readonly unsubscribedTypes: readonly string[];
  readonly preferences: readonly Preference[];
};

/** Reads the preferences of a user, with defaults for what the user has not set. */
export async function readUserPreferences(db: Queryable, userId: string): Promise<UserPreferences> {
  const [settings] = await rows<{
    frequency: Frequency | null;
    quietFrom: number | null;
    quietTo: number | null;
    digestHour: number | null;
    digestDay: number | null;
    reminderOffsets: number[] | null;
    unsubscribed: string[];
  }>(
    db,
    sql`select s.frequency, s.quiet_from as "quietFrom", s.quiet_to as "quietTo", s.digest_hour as "digestHour",
               s.digest_day as "digestDay", s.reminder_offsets as "reminderOffsets", ${unsubscribedTypes} as unsubscribed
        from (select ${userId}::bigint as id) u left join user_notification_settings s on s.user_id = u.id`,
  );
  const preferences = await rows<Preference>(
    db,
    sql`select scope_type as "scopeType", scope_id as "scopeId", event_type as "eventType", channel, status
        from notification_preferences where user_id = ${userId} order by scope_type, scope_id, event_type, channel`,
  );
  const { quietFrom = null, quietTo = null } = settings ?? {};
  return {
    frequency: settings?.frequency ?? "immediate",
    quiet: quietFrom === null || quietTo === null ? null : { from: quietFrom, to: quietTo },
    digestHour: settings?.digestHour ?? USUAL_DIGEST.hour,
    digestDay: settings?.digestDay ?? USUAL_DIGEST.day,
    reminderOffsets: settings?.reminderOffsets ?? [30],
    ...unsubscriptionsIn(settings?.unsubscribed ?? []),
    preferences,
  };
}

/** Preferences with the host's ids of their projects and threads, or ours where there are none. */
export async function withHostScopes(
  on: Queryable,
  preferences: readonly Preference[],
): Promise<Preference[]> {
  const idsOf = (type: Preference["scopeType"]) =>
    preferences.filter(({ scopeType }) => scopeType === type).flatMap(({ scopeId }) => scopeId ?? []);
  const references = {
    project: await referencesTo(on, "projects", idsOf("project")),
    thread: await referencesTo(on, "chat_threads", idsOf("thread")),
  };
  return preferences.map((preference) => {
    const { scopeType, scopeId } = preference;
    return scopeType === "global" || scopeId === null
      ? preference
      : { ...preference, scopeId: references[scopeType](scopeId) };
  });
}

/** A preference with the name of the project that it is about. */
export type NamedPreference = Preference & { readonly scopeName?: string | undefined };

/** Preferences as `withHostScopes` gives them, with the names of their projects, for operators. */
export async function withScopeNames(
  on: Queryable,
  preferences: readonly Preference[],
): Promise<NamedPreference[]> {
  const projectOf = ({ scopeType, scopeId }: Preference) => (scopeType === "project" ? scopeId : null);
  const [shown, names] = await Promise.all([
    withHostScopes(on, preferences),
    rowNames(
      on,
      "projects",
      preferences.flatMap((preference) => projectOf(preference) ?? []),
    ),
  ]);
  return preferences.map((preference, index) => ({
    ...(shown[index] ?? preference),
    scopeName: names.get(projectOf(preference) ?? ""),
  }));
}

/** Minutes of a day as a time of day: 90 is `01:30`. */
export const timeOfDay = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** The unsubscriptions of a user. */
type Unsubscriptions = Pick<UserPreferences, "isUnsubscribed" | "unsubscribedTypes">;

const unsubscriptionsIn = (types: readonly string[]): Unsubscriptions => ({
  isUnsubscribed: types.includes(ALL_EMAIL),
  unsubscribedTypes: [...new Set(types)].filter((type) => type !== ALL_EMAIL),
});

/** New preferences. Null keeps the unsubscriptions of the user. */
export type WantedPreferences = Omit<UserPreferences, keyof Unsubscriptions> & {
  readonly [Field in keyof Unsubscriptions]: Unsubscriptions[Field] | null;
};

/**
 * Replaces all preferences of a user. Of two concurrent calls the later one wins completely. A link that
 * unsubscribes at the same time is not undone.
 */
export async function writeUserPreferences(
  tx: Tx,
  userId: string,
  wanted: WantedPreferences,
  now: Date,
): Promise<UserPreferences> {
  const { digestHour, digestDay } = wanted;
  const isUsual = digestHour === USUAL_DIGEST.hour && digestDay === USUAL_DIGEST.day;
  await tx.execute(sql`select 1 from users where id = ${userId} for no key update`);
  await tx.execute(
    sql`insert into user_notification_settings as s (user_id, frequency, quiet_from, quiet_to, digest_hour, digest_day, digest_changed_at, reminder_offsets)
        values (${userId}, ${wanted.frequency}, ${wanted.quiet?.from ?? null}, ${wanted.quiet?.to ?? null},
                ${digestHour}, ${digestDay}, ${isUsual ? null : now}::timestamptz,
                ${sql.param(`{${wanted.reminderOffsets.join(",")}}`)}::int[])
        on conflict (user_id) do update set
          frequency = excluded.frequency, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,
          digest_hour = excluded.digest_hour, digest_day = excluded.digest_day,
          digest_changed_at = case when (s.digest_hour, s.digest_day) = (excluded.digest_hour, excluded.digest_day) then s.digest_changed_at
                                   else ${now}::timestamptz end,
          reminder_offsets = excluded.reminder_offsets, updated_at = now()`,
  );
  await writeUnsubscriptions(tx, userId, wanted, now);
  await tx.execute(sql`delete from notification_preferences where user_id = ${userId}`);
  const preferences = wanted.preferences.map(({ scopeType, scopeId, eventType, channel, status }) => ({
    scope_type: scopeType,
    scope_id: scopeId,
    event_type: eventType,
    channel,
    status,
  }));
  await tx.execute(
    sql`insert into notification_preferences (user_id, scope_type, scope_id, event_type, channel, status)
        select ${userId}, p.* from jsonb_to_recordset(${JSON.stringify(preferences)}::jsonb) as p(
          scope_type text, scope_id bigint, event_type text, channel text, status text)`,
  );
  return readUserPreferences(tx, userId);
}

/** Writes the values that are not null, both here and in the settings, since the user has set them. */
async function writeUnsubscriptions(
  tx: Tx,
  userId: string,
  { isUnsubscribed, unsubscribedTypes: types }: WantedPreferences,
  now: Date,
): Promise<void> {
  if (isUnsubscribed === true) await addUnsubscriptions(tx, userId, [ALL_EMAIL], now);
  if (isUnsubscribed === false) {
    await removeUnsubscriptions(tx, userId, { types: "all", kept: [] });
    await tx.execute(
      sql`update user_notification_settings set unsubscribed_at = null where user_id = ${userId}`,
    );
  }
  if (types === null) return;
  await removeUnsubscriptions(tx, userId, { types: "single", kept: types });
  await addUnsubscriptions(tx, userId, types, now);
  await tx.execute(
    sql`update user_notification_settings set unsubscribed_types = '{}' where user_id = ${userId}`,
  );
}

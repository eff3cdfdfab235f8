import { z } from "zod";
import { type UserScope, userScope } from "../../../db/user-scope.ts";
import { cutAllUsers } from "../../../people/all-users.ts";
import { updateSearchable } from "../../../people/searchable.ts";
import { defineJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";

/** Users per range: well under a second. */
const PER_RANGE = 20_000;

/** Decides for every user with a profile whether others find them. */
export const searchableUser = defineJob({
  name: "searchable-user",
  queue: "matching",
  description:
    "Marks users whose profiles are visible and complete enough as searchable, and unmarks the others.",
  payload: z.object({}),
  key: () => "all",
  range: userScope,
  cut: async (_payload, { tx }) => cutAllUsers(tx, PER_RANGE),
  run: async (scope: UserScope, { tx, now, settings }) =>
    done({ ...(await updateSearchable(tx, scope, { threshold: settings.search.completeness, now })) }),
  sum: async (_payload, counts) => done(counts),
});

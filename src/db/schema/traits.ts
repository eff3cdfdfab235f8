import { doublePrecision, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { ref } from "./columns.ts";
import { interestRef, interestSubjects } from "./people.ts";
import { userRef } from "./users.ts";

// Computed facts of single users: their traits, and who has which interest.

/** Numbers of traits. They only rise, so that sums over traits have the same order in every run. */
export const traits = pgTable("traits", {
  id: integer().primaryKey().generatedByDefaultAsIdentity(),
  name: text().notNull().unique(),
});

/** The traits of a user, from their quiz answers (build-user-traits). */
export const userTraits = pgTable(
  "user_traits",
  {
    userId: userRef(),
    /**
     * The version of the algorithm, in list_versions. No foreign key, which would need an index: the rows of
     * a version are deleted before it is, and nobody writes rows of one that is retired.
     */
    version: ref().notNull(),
    traitId: integer()
      .notNull()
      .references(() => traits.id, { onDelete: "cascade" }),
    /** Mean of the answers, from -10 to 10. */
    value: doublePrecision().notNull(),
    /** Number of answers. */
    n: integer().notNull(),
  },
  (t) => [
    // the traits of a user.
    primaryKey({ columns: [t.userId, t.version, t.traitId] }),
    // deleting a trait.
    index("user_traits_trait").on(t.traitId, t.userId),
  ],
);

/** Who has an interest (user-interest-sets). */
export const interestUserSet = pgTable(
  "interest_user_set",
  { interestId: interestRef(), userId: userRef() },
  (t) => [
    // the people with an interest.
    primaryKey({ columns: [t.interestId, t.userId] }),
    // the interests of a user.
    index("interest_user_set_user").on(t.userId, t.interestId),
  ],
);

/** Who has an interest of a subject (user-interest-sets). */
export const interestSubjectUserSet = pgTable(
  "interest_subject_user_set",
  {
    subjectId: ref()
      .notNull()
      .references(() => interestSubjects.id, { onDelete: "cascade" }),
    userId: userRef(),
  },
  (t) => [
    // the people with a subject.
    primaryKey({ columns: [t.subjectId, t.userId] }),
    // the subjects of a user.
    index("interest_subject_user_set_user").on(t.userId, t.subjectId),
  ],
);

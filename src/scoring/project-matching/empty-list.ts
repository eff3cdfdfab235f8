/** The facts about a volunteer without matches. */
export type VolunteerFacts = {
  readonly isVolunteer: boolean;
  readonly isActive: boolean;
  readonly skillsVisible: boolean;
  readonly skills: number;
  /** Open projects that require skills. */
  readonly projects: number;
  /** Those of them that require a skill of the volunteer. */
  readonly related: number;
  /** Their best score for a project that they may be a candidate of. */
  readonly best: number | null;
};

export type NoMatchesReason =
  | "not-a-volunteer"
  | "deactivated"
  | "skills-hidden"
  | "no-skills"
  | "no-open-projects"
  | "no-required-skill"
  | "none-left"
  | "below-min-score";

/** Why a volunteer has no matches: the first cause, in the order in which it has to be removed. */
export function whyNoMatches(facts: VolunteerFacts): NoMatchesReason {
  if (!facts.isVolunteer) return "not-a-volunteer";
  if (!facts.isActive) return "deactivated";
  if (!facts.skillsVisible) return "skills-hidden";
  if (facts.skills === 0) return "no-skills";
  if (facts.projects === 0) return "no-open-projects";
  if (facts.related === 0) return "no-required-skill";
  return facts.best === null ? "none-left" : "below-min-score";
}

/** The facts about a project without candidates. */
export type ProjectListFacts = {
  readonly isOpen: boolean;
  readonly requiredSkills: number;
  readonly maxRequiredSkills: number;
  /** Volunteers on its list. */
  readonly listed: number;
  /** Whether anybody who shows their skills has a required one. */
  readonly hasMatches: boolean;
  /** The best score of those who may be its candidates. */
  readonly best: number | null;
};

export type NoCandidatesReason =
  | "not-open"
  | "no-skills-required"
  | "too-many-skills-required"
  | "not-calculated"
  | "no-volunteer-matches"
  | "none-left"
  | "below-min-score";

/** Why a project has no candidates: the first cause, as above. */
export function whyNoCandidates(facts: ProjectListFacts): NoCandidatesReason {
  if (!facts.isOpen) return "not-open";
  if (facts.requiredSkills === 0) return "no-skills-required";
  if (facts.requiredSkills > facts.maxRequiredSkills) return "too-many-skills-required";
  if (facts.listed === 0) return facts.hasMatches ? "not-calculated" : "no-volunteer-matches";
  return facts.best === null ? "none-left" : "below-min-score";
}

/** The kinds of skills. */
export const SKILL_KINDS = [
  "language",
  "framework",
  "database",
  "cloud",
  "tool",
  "practice",
  "soft",
  "business",
  "office",
  "craft",
  "volunteering",
  "natural-language",
] as const;
export type SkillKind = (typeof SKILL_KINDS)[number];

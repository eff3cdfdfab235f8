import { GERMAN } from "./de.ts";
import { ENGLISH, type Language } from "./language.ts";

/** The languages in which users are written to. The first one is the fallback. */
export const LANGUAGES: readonly Language[] = [ENGLISH, GERMAN];

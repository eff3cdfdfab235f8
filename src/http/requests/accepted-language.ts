import type { Request } from "express";
import { languageOf } from "../../languages/choose-language.ts";
import { LANGUAGES } from "../../languages/index.ts";
import type { Language } from "../../languages/language.ts";

const TAGS = LANGUAGES.map(({ tag }) => tag);

/** The language that a request prefers by its Accept-Language, or English. */
export const acceptedLanguage = (req: Request): Language => languageOf(req.acceptsLanguages(TAGS) || null);

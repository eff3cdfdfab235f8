import type { Names } from "./notification-type.ts";

// Made-up content for the gallery of e-mails. Some names contain characters that must be escaped.

export const SAMPLE_GARDENS = { id: "1", name: "Riverbank Gardens" };
export const SAMPLE_LIBRARY = { id: "2", name: "Open Library & Café" };

/** Names of an event with an actor. */
export const byInes = (names: Partial<Names> = {}): Partial<Names> => ({ actor: "Ines Duarte", ...names });
export const byTomas = (names: Partial<Names> = {}): Partial<Names> => ({ actor: "Tomás O'Brien", ...names });

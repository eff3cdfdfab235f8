import { z } from "zod";

/** An id as code, APIs and payloads carry it: a positive bigint in decimal digits. */
const ID = /^[1-9]\d{0,17}$/;

export const isId = (text: string): boolean => ID.test(text);

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID.test(text);

/**
 * A reference to a row that the host knows by its own id: a text or a number, resolved by db/references.ts.
 * Parsed to a text.
 */
export const referenceField = () =>
  z
    .union([z.string(), z.int().min(1)], "must be an id")
    .transform(String)
    .pipe(z.string("must be an id").min(1, "must be an id").max(255, "must be an id"));

/** An id in a payload or query that holds it as a text. */
export const ownIdField = () => z.string().regex(ID, "must be an id");

/** An id in a payload of the host, which writes numbers or texts. Parsed to a text. */
export const idField = () =>
  z
    .union([z.string(), z.int().min(1)], "must be an id")
    .transform(String)
    .pipe(ownIdField());

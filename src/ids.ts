import { z } from "zod";

/** An id as code, APIs and payloads carry it: a positive bigint in decimal digits. */
const ID = /^[1-9]\d{0,17}$/;

export const isId = (text: string): boolean => ID.test(text);

/** An id in a payload or query that holds it as a text. */
export const ownIdField = () => z.string().regex(ID, "must be an id");

/** An id in a payload of the host, which writes numbers or texts. Parsed to a text. */
export const idField = () =>
  z
    .union([z.string(), z.int().min(1)], "must be an id")
    .transform(String)
    .pipe(ownIdField());

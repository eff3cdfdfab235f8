import { z } from "zod";
import { integerField } from "../requests/validate.ts";

/** The paging of routes that list postings. */
export const pageFields = {
  page: integerField(1, 10_000).default(1),
  page_size: integerField(1, 100).default(20),
};

export const remoteField = z
  .enum(["true", "false"], "must be true or false")
  .transform((value) => value === "true")
  .optional();

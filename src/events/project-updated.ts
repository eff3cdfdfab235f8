import { z } from "zod";
import { defineEvent } from "./event.ts";

/** What a project asks for, or where it is, has changed: its list of candidates is worked out anew. Its `project_id` says which. */
export const projectUpdated = defineEvent({ type: "project.updated", payload: z.object({}) });

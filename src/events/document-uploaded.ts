import { z } from "zod";
import { defineEvent } from "./event.ts";

/** Somebody (the actor) put a document (the resource) into a project. */
export const documentUploaded = defineEvent({ type: "document_uploaded", payload: z.object({}) });

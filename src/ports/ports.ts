import type { CalendarPort } from "./calendar.ts";
import type { EmbeddingsPort } from "./embeddings.ts";
import type { Mailer } from "./mailers/mailer.ts";
import type { MediaStore } from "./media-store/media-store.ts";
import type { PostingsPort } from "./postings/postings-port.ts";
import type { TokenSalesPort } from "./token-sales.ts";

/**
 * The outside systems that jobs may call. A port that is not configured is null, and its jobs are skipped.
 */
export type Ports = {
  readonly tokenSales: TokenSalesPort | null;
  /** Never null: without credentials, e-mails are written to files. */
  readonly mailer: Mailer;
  readonly calendar: CalendarPort | null;
  readonly postings: PostingsPort | null;
  readonly embeddings: EmbeddingsPort | null;
  readonly mediaStore: MediaStore | null;
};

import { defineArea } from "./area.ts";
import { optional, textMatching, whole, withoutDefault, yesNo } from "./fields.ts";

/** The endpoint of embeddings. Not for jobs: it holds a credential. */
export type EmbeddingsConfig = {
  readonly url: string;
  readonly apiKey: string | null;
  readonly model: string;
  readonly textsPerDay: number;
  readonly textsPerRequest: number;
  readonly allowPrivate: boolean;
};

const endpoint = withoutDefault({
  rule: "a URL that begins with https:// or http://, without a query",
  parse: (written) =>
    /^https?:\/\/[^\s?#]+$/.test(written) && URL.canParse(written) ? written.replace(/\/+$/, "") : undefined,
});

export const embeddings = defineArea({
  title: "Embeddings",
  variables: {
    EMBEDDINGS_URL: endpoint.describe(
      "Base address of an API with OpenAI's `POST /embeddings`, such as `https://api.openai.com/v1`. Titles, skills and summaries are sent there ([privacy](operations/privacy.md)). Unset: recommendations use the formula without embeddings.",
    ),
    EMBEDDINGS_API_KEY: optional.describe("Sent to it as a bearer token."),
    EMBEDDINGS_MODEL: textMatching(
      "text-embedding-3-small",
      /^[\w./:-]{1,100}$/,
      "up to 100 letters, digits and the signs ._-/:",
    ).describe("The model. Vectors of different models are never compared."),
    EMBEDDINGS_PER_DAY: whole(100_000, 1, 100_000_000).describe(
      "Texts sent per UTC day. Texts that have not changed are not sent again.",
    ),
    EMBEDDINGS_PER_REQUEST: whole(64, 1, 2_048).describe("Texts sent in one request."),
    EMBEDDINGS_ALLOW_PRIVATE: yesNo.describe(
      "`true` lets the endpoint be this machine or one of a private network.",
    ),
  },
  read: (v) => ({
    embeddings:
      v.EMBEDDINGS_URL === undefined
        ? null
        : ({
            url: v.EMBEDDINGS_URL,
            apiKey: v.EMBEDDINGS_API_KEY ?? null,
            model: v.EMBEDDINGS_MODEL,
            textsPerDay: v.EMBEDDINGS_PER_DAY,
            textsPerRequest: v.EMBEDDINGS_PER_REQUEST,
            allowPrivate: v.EMBEDDINGS_ALLOW_PRIVATE,
          } satisfies EmbeddingsConfig),
    /** The model that embeddings are of; null without an endpoint. */
    embeddingModel: v.EMBEDDINGS_URL === undefined ? null : v.EMBEDDINGS_MODEL,
  }),
});

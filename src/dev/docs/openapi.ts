import { z } from "zod";
import { SESSION_COOKIE } from "../../http/admin/access/guard.ts";
import { ROUTE_SCHEMAS } from "../../http/route-schemas.ts";
import { VERSION } from "../../version.ts";

type Json = Readonly<Record<string, unknown>>;

/** The documentation of a route on a page. */
type Documented = {
  readonly method: string;
  /** With parameters such as `:id`. */
  readonly path: string;
  readonly description: string;
  /** The first example: of the body of a response. */
  readonly example: unknown;
  /** Descriptions of parameters or of fields of the body. */
  readonly fields: ReadonlyMap<string, string>;
  /** Whether the body is a list of `events` with these fields. */
  readonly isList: boolean;
};

const ROUTE = /`([A-Z]+) (\/[^`]*)`/g;
const ROUTE_ROW = /^\| (`[A-Z]+ \/.*?) \| (.*) \|$/gm;
const FIELD_ROW = /^\| ((?:`[a-z_]+`(?:, )?)+) \| (.*) \|$/gm;

const plain = (markdown: string): string =>
  markdown
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/\s+/g, " ")
    .trim();

/** The routes of a page: one or more per heading of the third rank, and rows of tables. */
function routesOf(page: string): Documented[] {
  const sections = page.split(/^#{2,3} /m).filter((section) => section.startsWith("`"));
  const ofSections = sections.flatMap((section) => {
    const [heading = "", ...lines] = section.split("\n");
    const text = lines.join("\n").trim();
    const example = /^```json\n([\s\S]*?)^```/m.exec(text)?.[1];
    const described = {
      description: plain(text.split(/\n\n|\n```/)[0] ?? ""),
      example: example === undefined ? undefined : JSON.parse(example),
      fields: fieldsOf(text),
      isList: text.includes("| Field of an event |"),
    };
    return namesIn(heading).map((name) => ({ ...name, ...described }));
  });
  const ofRows = [...page.matchAll(ROUTE_ROW)].flatMap(([, names = "", text = ""]) =>
    namesIn(names).map((name) => ({
      ...name,
      description: plain(text),
      example: undefined,
      fields: new Map<string, string>(),
      isList: false,
    })),
  );
  return [...ofSections, ...ofRows];
}

const namesIn = (text: string): { method: string; path: string }[] =>
  [...text.matchAll(ROUTE)].map(([, method = "", path = ""]) => ({ method, path }));

/** The last cell of a row describes the name in the first one. */
function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [, names = "", cells = ""] of text.matchAll(FIELD_ROW))
    for (const [, name = ""] of names.matchAll(/`([a-z_]+)`/g))
      fields.set(name, plain(cells.split(" | ").at(-1) ?? ""));
  return fields;
}

const schemaOf = (schema: z.ZodType): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
};

function parametersOf({ method, path, fields }: Documented): Json[] {
  const inPath = [...path.matchAll(/:([a-zA-Z]+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const { query } = ROUTE_SCHEMAS[`${method} ${path}`] ?? {};
  if (query === undefined) return inPath;
  const { properties = {}, required = [] } = schemaOf(query) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    ...(fields.has(name) ? { description: fields.get(name) } : {}),
    schema,
  }));
  return [...inPath, ...inQuery];
}

/** Pages whose forms are sent by a browser. */
const FORMS = /^\/admin\/(?!api\/)/;

/** The body by its schema, or by the fields that the page lists for a webhook without one. */
function bodyOf(route: Documented): Json {
  const {
    body,
    isBodyOptional = false,
    bodyType = "application/json",
  } = ROUTE_SCHEMAS[`${route.method} ${route.path}`] ?? {};
  const isListed = route.path.includes("/webhooks/") && route.fields.size > 0;
  if (body === undefined && !isListed) return {};
  const schema = body === undefined ? listedBody(route) : schemaOf(body);
  const type = FORMS.test(route.path) ? "application/x-www-form-urlencoded" : bodyType;
  return { requestBody: { required: !isBodyOptional, content: { [type]: { schema } } } };
}

function listedBody({ fields, isList }: Documented): Json {
  const item = {
    type: "object",
    properties: Object.fromEntries([...fields].map(([name, description]) => [name, { description }])),
  };
  return isList ? { type: "object", properties: { events: { type: "array", items: item } } } : item;
}

/** The part of the service that a path belongs to, and how its callers authenticate. */
const PARTS: readonly { readonly path: RegExp; readonly tag: string; readonly security: string | null }[] = [
  { path: /^\/api\/v1\/changes$/, tag: "Change feed", security: "hostReadSignature" },
  { path: /^\/api\/v1\//, tag: "User API", security: "userToken" },
  { path: /^\/admin\/(login|style\.css)$/, tag: "Operators", security: null },
  { path: /^\/admin/, tag: "Operators", security: "operatorSession" },
  { path: /\/webhooks\/health$/, tag: "Webhooks", security: null },
  { path: /\/webhooks\/scicent_/, tag: "Webhooks", security: "sellerSignature" },
  { path: /\/webhooks\/resend$/, tag: "Webhooks", security: "resendSignature" },
  { path: /\/webhooks\/google_calendar$/, tag: "Webhooks", security: "channelToken" },
  { path: /\/webhooks\//, tag: "Webhooks", security: "hostSignature" },
  { path: /^\/metrics$/, tag: "Health and metrics", security: "metricsToken" },
  { path: /^\/unsubscribe/, tag: "Unsubscribe", security: null },
  { path: /^/, tag: "Health and metrics", security: null },
];

const header = (name: string, description: string): Json => ({
  type: "apiKey",
  in: "header",
  name,
  description,
});

const SECURITY_SCHEMES: Json = {
  userToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
  metricsToken: { type: "http", scheme: "bearer", description: "METRICS_TOKEN, if it is set" },
  operatorSession: { type: "apiKey", in: "cookie", name: SESSION_COOKIE },
  sellerSignature: header("X-Scicent-Signature", "sha256=<hex HMAC-SHA256 of the raw body>"),
  hostSignature: header("X-Commonwork-Signature", "sha256=<hex HMAC-SHA256 of the raw body>"),
  hostReadSignature: header(
    "X-Commonwork-Signature",
    "sha256=<hex HMAC-SHA256 of method, path, query and X-Commonwork-Timestamp, a line each>",
  ),
  resendSignature: header("svix-signature", "as Standard Webhooks sign"),
  channelToken: header("X-Goog-Channel-Token", "the token of the channel"),
};

/** `getLedgerMe`. */
const idOf = ({ method, path }: Documented): string =>
  `${method.toLowerCase()}${path.replace("/api/v1", "").replaceAll(/[^a-zA-Z0-9]+([a-zA-Z0-9])?/g, (_, letter = "") => letter.toUpperCase())}`;

function operationOf(route: Documented): Json {
  const part = PARTS.find(({ path }) => path.test(route.path));
  const security = part?.security ?? null;
  const parameters = parametersOf(route);
  const content =
    route.example === undefined ? {} : { content: { "application/json": { example: route.example } } };
  return {
    operationId: idOf(route),
    tags: [part?.tag],
    summary: /^.*?[.:;](?= |$)|.*/.exec(route.description)?.[0],
    description: route.description,
    security: security === null ? [] : [{ [security]: [] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...bodyOf(route),
    responses: {
      "2XX": { description: "Done.", ...content },
      default: { $ref: "#/components/responses/Error" },
    },
  };
}

/** The codes in the table of errors. */
const codesIn = (page: string): string[] =>
  [...(page.split("\n## Error codes\n")[1] ?? "").matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code = ""]) => code),
  );

const errorSchema = (codes: readonly string[]): Json => ({
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: {
        code: { enum: codes },
        message: { type: "string" },
        faults: {
          type: "array",
          items: {
            type: "object",
            required: ["field", "fault"],
            properties: { field: { type: "string" }, fault: { type: "string" } },
          },
        },
      },
    },
  },
});

/**
 * The OpenAPI document: every route that the pages name, the schemas that requests are checked with, and the
 * examples of the pages.
 *
 * @param pages docs/api.md, which has the error codes, and docs/webhooks.md.
 */
export function openApiDocument(pages: readonly [string, string]): string {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of pages.flatMap(routesOf)) {
    const path = route.path.replaceAll(/:([a-zA-Z]+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  const document = {
    openapi: "3.1.0",
    info: { title: "Commonwork", version: VERSION },
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: { Error: errorSchema(codesIn(pages[0])) },
      responses: {
        Error: {
          description: "An error; 429 and 503 have the header Retry-After.",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

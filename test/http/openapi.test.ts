import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { filesIn, read } from "../support/pages.ts";
import { appRoutes } from "../support/routes.ts";
import { createWorld } from "../support/world.ts";
import { serve } from "./support.ts";

type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly Record<string, readonly string[]>[];
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: object }[];
  readonly requestBody?: {
    content: Record<"application/json" | "application/x-ndjson", { schema: Record<string, unknown> }>;
  };
  readonly responses: { readonly "2XX": { content?: { "application/json": { example: unknown } } } };
};
type Document = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, object>> };
};

const text = read("docs/openapi.json");
const document = JSON.parse(text) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    route: `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`,
    path,
    operation,
  })),
);
const operationOf = (route: string): Operation | undefined =>
  operations.find((one) => one.route === route)?.operation;

describe("the OpenAPI document", () => {
  it("has every route of the app, and no other", async () => {
    const world = await createWorld({ environment: { ADMIN_PASSWORD: "open sesame, please" } });
    const routes = new Set([...appRoutes(world), "GET /admin/queues"]);
    expect(operations.map(({ route }) => route).sort()).toEqual([...routes].sort());
  });

  it("is served to everybody", async () => {
    const world = await createWorld();
    const response = await fetch(`${await serve(world)}/api/docs`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await response.text()).toBe(text);
  });

  it("names each operation once, says what it does, and declares its path parameters and security", () => {
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const { route, path, operation } of operations) {
      expect(operation.operationId, route).toMatch(/^[a-z]+[a-zA-Z0-9]+$/);
      expect(operation.summary.length, route).toBeGreaterThan(5);
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(
        inPath.map(({ name }) => `{${name}}`),
        route,
      ).toEqual(path.match(/\{\w+\}/g) ?? []);
      for (const scheme of operation.security.flatMap((each) => Object.keys(each)))
        expect(document.components.securitySchemes, route).toHaveProperty(scheme);
      if (path === "/api/v1/changes") expect(operation.security, route).toEqual([{ hostReadSignature: [] }]);
      else if (path.startsWith("/api/v1/")) expect(operation.security, route).toEqual([{ userToken: [] }]);
    }
    for (const [, name = ""] of text.matchAll(/"\$ref": "#\/([^"]+)"/g)) {
      const found = name
        .split("/")
        .reduce<unknown>((part, key) => (part as Record<string, unknown>)?.[key], document);
      expect(found, name).toBeDefined();
    }
  });

  it("has the schemas by which requests are checked", () => {
    expect(operationOf("GET /api/v1/ledger/me")?.parameters).toEqual([
      expect.objectContaining({
        name: "limit",
        in: "query",
        required: false,
        schema: { default: 50, type: "integer", minimum: 1, maximum: 200 },
      }),
      expect.objectContaining({ name: "before", required: false, schema: { type: "string" } }),
    ]);
    const body = operationOf("POST /api/v1/referrals")?.requestBody?.content["application/json"].schema;
    expect(body).toMatchObject({ type: "object", required: ["referral_code"] });
    const sale = operationOf("POST /webhooks/scicent_sale")?.requestBody?.content["application/json"].schema;
    expect(Object.keys(sale?.["properties"] as object)).toEqual([
      "user_id",
      "amount",
      "transaction_id",
      "currency",
      "timestamp",
    ]);
    const engagement = operationOf("POST /webhooks/engagement")?.requestBody;
    expect(JSON.stringify(engagement)).toMatch(
      /"events":\{"type":"array","items":\{"type":"object","properties":\{"id"/,
    );
    expect(operationOf("POST /api/v1/jobs/:id/dismiss")?.requestBody).toMatchObject({ required: false });
    const events = operationOf("POST /webhooks/domain_events")?.requestBody?.content["application/json"]
      .schema;
    expect(JSON.stringify(events)).toContain('"event_type"');
    // The schema of each line.
    expect(operationOf("POST /webhooks/records")?.requestBody?.content).toMatchObject({
      "application/x-ndjson": { schema: { required: ["table", "host_id", "version"] } },
    });
    expect(operationOf("GET /api/v1/ledger/me")?.responses["2XX"].content).toMatchObject({
      "application/json": { example: { balance: "56.03" } },
    });
  });

  it("has a schema wherever a handler checks a query or a body", () => {
    const imported = read("src/http/route-schemas.ts");
    const checks = filesIn("src/http", ".ts").flatMap((file) =>
      [...read(file).matchAll(/validate(?:Query|Body)\((\w+), req/g)].map(([, name = ""]) => ({
        file,
        name,
      })),
    );
    expect(checks.length).toBeGreaterThan(15);
    for (const { file, name } of checks)
      expect(imported, basename(file)).toMatch(new RegExp(`\\b${name}\\b[^;]*? }`));
    const declared = [...imported.matchAll(/^ {2}"([A-Z]+ \/[^"]*)": \{/gm)].map(([, route = ""]) => route);
    expect(declared.filter((route) => operationOf(route) === undefined)).toEqual([]);
  });
});

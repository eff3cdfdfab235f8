import { describe, expect, it } from "vitest";
import { JWT_SECRET } from "../support/user-token.ts";
import { createWorld } from "../support/world.ts";
import { serve } from "./support.ts";

const OURS = "https://community.example";

async function open(allowed: string) {
  const world = await createWorld({
    environment: { AUTH_JWT_SECRET: JWT_SECRET, API_ALLOWED_ORIGINS: allowed },
  });
  const address = await serve(world);
  return (path: string, method: string, headers: Record<string, string>) =>
    fetch(`${address}${path}`, { method, headers });
}

const preflight = (origin: string) => ({
  Origin: origin,
  "Access-Control-Request-Method": "POST",
  "Access-Control-Request-Headers": "authorization,content-type",
});

describe("API_ALLOWED_ORIGINS", () => {
  it("lets pages of these origins call the user API, without credentials", async () => {
    const call = await open(`${OURS}, http://localhost:3000`);
    const answer = await call("/api/v1/jobs/recommendations", "OPTIONS", preflight(OURS));
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe(OURS);
    expect(answer.headers.get("access-control-allow-methods")).toBe("GET, POST, PUT, DELETE");
    expect(answer.headers.get("access-control-allow-headers")).toContain("Authorization");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    expect(answer.headers.get("vary")).toContain("Origin");
    // Errors are readable too.
    const refused = await call("/api/v1/jobs/recommendations", "GET", { Origin: "http://localhost:3000" });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("access-control-allow-origin")).toBe("http://localhost:3000");
    expect(refused.headers.get("access-control-expose-headers")).toBe("Retry-After");
  });

  it("lets no other page call it, and no page call anything else", async () => {
    const call = await open(OURS);
    for (const origin of [
      "https://evil.example",
      "null",
      `${OURS}.evil.example`,
      "http://community.example",
    ]) {
      const answer = await call("/api/v1/jobs/recommendations", "OPTIONS", preflight(origin));
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
    for (const path of ["/admin", "/health", "/webhooks/domain_events"]) {
      const answer = await call(path, "OPTIONS", preflight(OURS));
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  it("by default allows no other origin", async () => {
    const call = await open("");
    const answer = await call("/api/v1/jobs/recommendations", "OPTIONS", preflight(OURS));
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(answer.headers.get("vary") ?? "").not.toContain("Origin");
  });
});

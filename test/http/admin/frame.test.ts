import type { Request } from "express";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  contentHtml,
  formatAge,
  formatSeconds,
  sentenceHtml,
  timeHtml,
} from "../../../src/http/admin/frame/elements.ts";
import { filterForm, hrefOf, pager, readFilters } from "../../../src/http/admin/frame/filters.ts";
import { table } from "../../../src/http/admin/frame/table.ts";
import { PAGES } from "../../../src/http/admin/pages.ts";
import { adminWorld, browser, send } from "./browser.ts";

const requestWith = (query: Record<string, unknown>) => ({ query }) as unknown as Request;

describe("the navigation", () => {
  it("has every page, marks the current one, and hides those of operators from viewers", async () => {
    const { address } = await adminWorld();
    const links = async (role: "admin" | "viewer", path: string) => {
      const text = await (await (await browser(address, role)).send("GET", path)).text();
      const nav = /<nav id="navigation".*?<\/nav>/s.exec(text)?.[0] ?? "";
      return [...nav.matchAll(/<a href="\/admin([^"]*)"( aria-current="page")?>/g)].map(
        ([, href = "", current]) => `${href || "/"}${current ? " current" : ""}`,
      );
    };
    const shown = await links("admin", "/admin/runs?job=x");
    expect(shown.map((link) => link.split(" ")[0]).sort()).toEqual(PAGES.map(({ path }) => path).sort());
    expect(shown.filter((link) => link.endsWith("current"))).toEqual(["/runs current"]);
    const forViewers = PAGES.filter(({ role }) => role === "viewer").map(({ path }) => path);
    expect((await links("viewer", "/admin")).map((link) => link.split(" ")[0]).sort()).toEqual(
      forViewers.sort(),
    );
  });

  it("has no two pages of one path or title", () => {
    for (const field of ["path", "title"] as const)
      expect(new Set(PAGES.map((page) => page[field])).size).toBe(PAGES.length);
  });
});

describe("every page", () => {
  it("has a policy without inline scripts and other hosts, and loads from this process alone", async () => {
    const { address } = await adminWorld();
    const admin = await browser(address, "admin");
    for (const { path } of PAGES) {
      const answer = await admin.send("GET", `/admin${path}`);
      expect(answer.status, path).toBe(200);
      const policy = answer.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).not.toMatch(/unsafe|http|\*/);
      const text = await answer.text();
      expect(text, path).not.toMatch(/<script(?![^>]* src="\/admin\/assets\/)|<style| style="| on\w+="/);
      expect(text, path).not.toMatch(/(src|href)="(https?:)?\/\//);
    }
  });

  it("loads files that need no session and may be kept, as their address has the version", async () => {
    const { address } = await adminWorld();
    for (const [file, type] of [
      ["style.css", "text/css"],
      ["admin.js", "text/javascript"],
      ["uplot.js", "text/javascript"],
      ["uplot.css", "text/css"],
    ]) {
      const answer = await send(address, "GET", `/admin/assets/${file}`);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([
        200,
        expect.stringContaining(type ?? ""),
      ]);
      expect(answer.headers.get("cache-control")).toContain("immutable");
      expect((await answer.text()).length).toBeGreaterThan(500);
    }
    const unknown = await send(address, "GET", "/admin/assets/constructor");
    expect(unknown.status).toBe(401);
  });
});

describe("content", () => {
  it("from outside is escaped, printable, and in a direction of its own", () => {
    expect(contentHtml("<b>").html).toBe("&lt;b&gt;");
    expect(contentHtml("Ada\u001b[2J\u202eevil").html).toBe("<bdi>Ada\ufffd[2J\ufffdevil</bdi>");
    expect(contentHtml("עדה").html).toBe("<bdi>עדה</bdi>");
    expect([contentHtml(null).html, contentHtml("").html]).toEqual(
      Array(2).fill('<span class="dim">–</span>'),
    );
    expect(contentHtml(1_234).html).toBe("1,234");
  });

  it("times are in UTC until the script shows them in the reader's zone", () => {
    expect(timeHtml("2026-03-08T01:00:00.000Z").html).toBe(
      '<time datetime="2026-03-08T01:00:00.000Z">2026-03-08 01:00:00Z</time>',
    );
    expect(sentenceHtml("<b> at 2026-03-08 01:00:00Z, not 2026-13-08 01:00:00Z").html).toBe(
      '&lt;b&gt; at <time datetime="2026-03-08T01:00:00.000Z">2026-03-08 01:00:00Z</time>, not 2026-13-08 01:00:00Z',
    );
  });

  it.each([
    [0.04, "0.0 s"],
    [9.96, "10.0 s"],
    [12, "12 s"],
    [62, "1 min 2 s"],
    [3_600, "1 h"],
    [90_061, "1 d 1 h"],
    [Number.NaN, "–"],
  ])("%s seconds are %s", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it("ages tell the past from the future", () => {
    const now = new Date("2026-05-01T12:00:00Z");
    expect(formatAge("2026-05-01T11:00:00Z", now)).toBe("1 h ago");
    expect(formatAge("2026-05-01T12:02:00Z", now)).toBe("in 2 min");
  });

  it("a table without rows says why", () => {
    expect(table({ caption: "Runs", columns: ["Run"], rows: [], empty: "No run yet." }).html).toBe(
      '<p class="empty">No run yet.</p>',
    );
  });
});

describe("filters", () => {
  const schema = z.object({
    job: z.string().optional(),
    page: z.coerce.number("must be a number").default(1),
  });

  it("are read from the query; empty ones are absent", () => {
    expect(readFilters(schema, requestWith({ job: " x ", page: "" }))).toEqual({
      filter: { job: "x", page: 1 },
      given: { job: "x" },
      faults: {},
    });
  });

  it("that are invalid are shown with their errors, and nothing is listed", () => {
    const filters = readFilters(schema, requestWith({ page: '"><b>' }));
    expect([filters.filter, filters.faults]).toEqual([null, { page: "must be a number" }]);
    const form = filterForm("/x", [{ name: "page", label: "Page" }], filters).html;
    expect(form).toContain('value="&quot;&gt;&lt;b&gt;"');
    expect(form).toContain('aria-invalid="true" aria-describedby="fault-page"');
  });

  it("stay in the links to other pages of the list", () => {
    expect(hrefOf("/x", { job: "a&b", page: undefined, state: "" })).toBe("/x?job=a%26b");
    const links = pager("/x", { job: "a" }, { page: 2, hasMore: true })?.html;
    expect(links).toContain('<a rel="prev" href="/x?job=a">');
    expect(links).toContain('<a rel="next" href="/x?job=a&amp;page=3">');
    expect(pager("/x", {}, { page: 1, hasMore: false })).toBeNull();
  });
});

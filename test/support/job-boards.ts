import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { outsideServer } from "./outside.ts";

/** What a page answers: a document, or what the test does with the response. */
export type Page =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string | Buffer }
  | ((response: ServerResponse, headers: Readonly<Record<string, unknown>>) => void);

/**
 * A host with job boards: a small HTTP server that answers each path as the test says, and 404 for others.
 * Its robots.txt allows everything until the test writes another.
 */
export async function fakeBoards() {
  const state = {
    pages: new Map<string, Page>(),
    /** Paths that were asked for, robots.txt left out. */
    requests: [] as string[],
    headers: [] as Readonly<Record<string, unknown>>[],
    robots: { status: 404 } as Page,
    robotsAsked: 0,
  };
  const server = await outsideServer((_body, response, request) => {
    const path = request.url ?? "";
    const isRobots = path === "/robots.txt";
    if (isRobots) state.robotsAsked += 1;
    else {
      state.requests.push(path);
      state.headers.push(request.headers);
    }
    const page = isRobots ? state.robots : (state.pages.get(path) ?? { status: 404 });
    if (typeof page === "function") return page(response, request.headers);
    response.writeHead(page.status ?? 200, page.headers);
    response.end(page.body ?? "");
  });
  onTestFinished(() => server.close());
  return Object.assign(state, {
    url: server.url,
    serve: (path: string, page: Page) => void state.pages.set(path, page),
    serveJson: (path: string, document: unknown, headers: Record<string, string> = {}) =>
      void state.pages.set(path, { body: JSON.stringify(document), headers }),
  });
}

export type FakeBoards = Awaited<ReturnType<typeof fakeBoards>>;

/** A document with the shape that a source documents, made for the tests. */
export const postingFixture = (file: string): string =>
  readFileSync(new URL(`../ports/postings/fixtures/${file}`, import.meta.url), "utf8");

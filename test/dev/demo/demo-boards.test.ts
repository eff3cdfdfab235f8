import { expect, it, onTestFinished } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { BOARD_POSTINGS } from "../../../src/dev/demo/board-postings.ts";
import { startJobBoards } from "../../../src/dev/demo/demo-boards.ts";
import { POSTING_SOURCES } from "../../../src/ports/postings/index.ts";
import { checkPostingLists, postingsPort } from "../../../src/ports/postings/postings-port.ts";

it("the boards of the demo are read by the code of every source, and nothing is refused", async () => {
  const now = new Date("2026-06-02T08:00:00Z");
  const boards = await startJobBoards(now);
  onTestFinished(() => boards.stop());
  const { postingSources } = readConfig({
    DATABASE_URL: "postgres://u:p@db:5432/cw",
    REDIS_URL: "redis://cache:6379",
    POSTING_LISTS: boards.lists,
    POSTING_BASE_URLS: boards.baseUrls,
    FETCH_CONTACT: "demo@people.example",
    ADZUNA_APP_ID: "demo",
    ADZUNA_APP_KEY: "demo",
  });
  checkPostingLists(postingSources);
  const lists = postingSources.lists;
  expect(lists.map(({ source }) => source).sort()).toEqual(POSTING_SOURCES.map(({ name }) => name).sort());
  const validators = { etag: null, lastModified: null, bodyHash: null };
  const port = postingsPort(
    postingSources,
    async ({ url }) => ({ kind: "page", text: await (await fetch(url)).text(), validators }),
    { now: () => now },
  );
  for (const list of lists) {
    const read = await port.read(list, null, new AbortController().signal);
    if (read.kind !== "list") throw new Error(`${list.source} is ${read.kind}`);
    expect({ source: list.source, refused: read.refused }).toEqual({ source: list.source, refused: {} });
    const advertised = BOARD_POSTINGS.filter(({ source }) => source === list.source);
    expect(read.postings.map(({ title, company, postedAt }) => [title, company, postedAt])).toEqual(
      advertised.map(({ title, company, hoursAgo }) => [
        title,
        company,
        new Date(now.getTime() - hoursAgo * 3_600_000),
      ]),
    );
    expect(read.postings.map(({ salary }) => salary.max)).toEqual(
      advertised.map(({ pay }) => pay?.max ?? null),
    );
    expect(read.postings.map(({ description }) => description.length > 80)).not.toContain(false);
  }
});

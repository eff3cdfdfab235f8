import { describe, expect, it } from "vitest";
import { generateRecommendations } from "../../../../src/workers/recommendations/generate-recommendations.ts";
import { organization } from "../../../support/factories.ts";
import { enqueueRunIn } from "../../../support/jobs.ts";
import { projectFor, skilled } from "../../../support/matching.ts";
import { profile, rate, scorePairs } from "../../../support/pairs.ts";
import { block, user } from "../../../support/platform.ts";
import { applicant, posting } from "../../../support/recommendations.ts";
import { rewardsScene } from "../../../support/rewards-scene.ts";
import { createWorld } from "../../../support/world.ts";
import { serve } from "../../support.ts";
import { PASSWORDS, visitors } from "../browser.ts";

const PATH = "/admin/people";

async function open(at = "2026-06-02T08:00:00Z") {
  const world = await createWorld({ at, environment: PASSWORDS });
  return { world, ...(await visitors(await serve(world))) };
}

/** The addresses of explanations on a page. */
const explanations = (text: string): string[] =>
  [...text.matchAll(/href="(\/admin\/explain[^"]+)"/g)].map(([, href = ""]) => href.replaceAll("&amp;", "&"));

describe("the pages of one person", () => {
  it("find a user by our id, the host's id, and the e-mail address in any case", async () => {
    const { world, viewer } = await open();
    const ada = await user(world, { name: "Ada", email: "Ada@people.test" });
    const where = async (find: string) =>
      (await viewer.send("GET", `${PATH}?${new URLSearchParams({ find })}`)).headers.get("location");
    expect(await where(ada)).toBe(`${PATH}/${ada}`);
    expect(await where("aDA@people.test")).toBe(`${PATH}/${ada}`);
    await world.query("update users set host_id = 'a/da 1' where id = $1", [ada]);
    for (const find of ["a/da 1", "ada@people.test"]) expect(await where(find)).toBe(`${PATH}/a%2Fda%201`);
    const shown = await (await viewer.send("GET", `${PATH}/a%2Fda%201`)).text();
    expect(shown).toContain("<h1>User a/da 1</h1>");
    expect(shown).toContain("Ada@people.test");
  });

  it("list all users with one address", async () => {
    const { world, page } = await open();
    const ids = [
      await user(world, { name: "Ada", email: "ada@people.test" }),
      await user(world, { name: "Bea", email: "ada@people.test" }),
    ];
    const shown = await page(`${PATH}?find=ada%40people.test`);
    for (const id of ids) expect(shown).toContain(`<a href="${PATH}/${id}">${id}</a>`);
  });

  it("find neither unknown nor erased users", async () => {
    const { world, viewer } = await open();
    const gone = await user(world, { name: "Gil", email: "gil@people.test" });
    await world.query("update users set erased_at = now() where id = $1", [gone]);
    for (const path of [
      `${PATH}/${gone}`,
      `${PATH}/nobody`,
      `${PATH}?find=gil%40people.test`,
      `${PATH}?find=x`,
    ])
      expect((await viewer.send("GET", path)).status).toBe(404);
    expect((await viewer.send("GET", `${PATH}?find=%00`)).status).toBe(422);
  });

  it("escape names with markup, control characters and direction marks", async () => {
    const { world, page } = await open();
    const ada = await user(world, { name: "<script>Ada</script>\u202e\u0007", email: "a@b.test" });
    const shown = await page(`${PATH}/${ada}`);
    expect(shown).toContain("<bdi>&lt;script&gt;Ada&lt;/script&gt;\ufffd\ufffd</bdi>");
    for (const raw of ["<script>Ada", "\u202e", "\u0007"]) expect(shown).not.toContain(raw);
  });

  it("show what a user earned and bought, each figure with an explanation that agrees", async () => {
    const { world, people, saleId } = await rewardsScene(PASSWORDS);
    const { page } = await visitors(await serve(world));
    const [first, , , buyer] = people;
    const shown = await page(`${PATH}/${first!.userId}/rewards`);
    expect(shown).toMatch(/<td>\d+, Helpers<\/td>/);
    const hrefs = explanations(shown);
    const kinds = ["award", "commission", "multiplier"];
    for (const kind of kinds) expect(hrefs.some((href) => href.includes(`kind=${kind}`))).toBe(true);
    for (const href of hrefs) expect(await page(href)).toContain("agrees with what is stored");
    expect(await page(`${PATH}/${buyer!.userId}/rewards`)).toContain(`href="/admin/sales/${saleId}"`);
  });

  it("show the matches of a volunteer with explanations, and why there are none", async () => {
    const { world, page } = await open();
    const organizationId = await organization(world);
    const ada = await skilled(world, { cooking: 1 }, { organizationId, name: "Ada" });
    await projectFor(world, ["cooking"], { organizationId, name: "Soup kitchen" });
    const shown = await page(`${PATH}/${ada}/matches`);
    expect(shown).toContain("Soup kitchen");
    const [href = ""] = explanations(shown);
    expect(await page(href)).toContain("skill share");
    const idle = await skilled(world, {}, { organizationId, name: "Idle" });
    expect(await page(`${PATH}/${idle}/matches`)).toContain("The user has no skills.");
  });

  it("show recommendations with explanations", async () => {
    const { world, page } = await open();
    const ada = await applicant(world, ["python", "postgres"], { primary_job_title: "Python Developer" });
    expect(await page(`${PATH}/${ada}/recommendations`)).toContain("No recommendations are stored");
    await posting(world, { title: "Python <b>Developer</b>", description: "Python and PostgreSQL" });
    await enqueueRunIn(world, generateRecommendations, {});
    await world.drain();
    const shown = await page(`${PATH}/${ada}/recommendations`);
    expect(shown).toContain("Python &lt;b&gt;Developer&lt;/b&gt;");
    const [href = ""] = explanations(shown);
    expect(await page(href)).toContain("agrees with what is stored");
  });

  it("show pair scores no finer than users see them, and nobody whom the user may not see", async () => {
    const { world, page } = await open();
    const me = await profile(world, { interests: [1, 2] });
    const bob = await profile(world, { name: "Bob", interests: [1, 2, 3] });
    const eve = await profile(world, { name: "Eve", interests: [1] });
    for (let n = 0; n < 3; n++) await rate(world, await profile(world), bob, [5, 4, 5, 4]);
    await scorePairs(world);
    await block(world, eve, me);
    const shown = await page(`${PATH}/${me}/pairs`);
    expect(shown).toContain(">Bob</td>");
    expect(shown).not.toContain(">Eve</td>");
    const scores = [...shown.matchAll(/<td class="number">([\d.]+)<\/td>/g)].map(([, text]) => Number(text));
    expect(scores.length).toBeGreaterThan(0);
    for (const score of scores) expect(Math.round(score * 100) % 5).toBe(0);
    const [href = ""] = explanations(shown);
    expect(await page(href)).toContain("what others think of them");
  });
});

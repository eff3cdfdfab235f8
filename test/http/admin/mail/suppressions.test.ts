import { describe, expect, it } from "vitest";
import { user } from "../../../support/platform.ts";
import { createWorld } from "../../../support/world.ts";
import { serve } from "../../support.ts";
import { expectGuarded, PASSWORDS, postForm, visitors } from "../browser.ts";

const PATH = "/admin/suppressions";

/** Ada's address is suppressed. */
async function open() {
  const world = await createWorld({ at: "2026-03-02T18:00:00Z", environment: PASSWORDS });
  const ada = await user(world, { name: "Ada", email: "Ada@People.test" });
  await world.query(
    "insert into email_suppressions (address_hash, reason) values (sha256('ada@people.test'), 'complaint')",
  );
  const [{ hash } = { hash: "" }] = await world.query<{ hash: string }>(
    "select encode(address_hash, 'hex') as hash from email_suppressions",
  );
  const left = () => world.query("select 1 from email_suppressions");
  return { world, ada, hash, left, ...(await visitors(await serve(world))) };
}

describe("the page of suppressed addresses", () => {
  it("says whether an address is suppressed, why, and whose it is", async () => {
    const { ada, page } = await open();
    for (const address of ["ada@people.test", "ADA@people.TEST"]) {
      const shown = await page(`${PATH}?${new URLSearchParams({ address })}`);
      expect(shown).toContain("its owner reported an e-mail as spam");
      expect(shown).toContain(`<a href="/admin/people/${ada}">${ada}</a>`);
    }
    const other = await page(`${PATH}?address=ben%40people.test`);
    expect(other).toContain("This address is not suppressed.");
    expect(other).toContain("No user has this address.");
  });

  it("lets an admin lift a suppression, with a reason for the audit log", async () => {
    const { world, hash, left, admin } = await open();
    const lifted = await postForm(admin, `${PATH}/${hash}/lift`, { reason: "asked for it by phone" });
    const shown = await (await admin.send("GET", lifted.headers.get("location") ?? "")).text();
    expect(shown).toContain("Suppressions lifted: 1.");
    expect(await left()).toEqual([]);
    expect(
      await world.query("select actor, subject, details from audit_log where action = 'suppression.lift'"),
    ).toEqual([
      {
        actor: "admin",
        subject: `email_suppressions:${hash}`,
        details: { reason: "asked for it by phone", address: "127.0.0.1", was: "complaint" },
      },
    ]);
    expect((await postForm(admin, `${PATH}/${hash}/lift`, { reason: "again" })).headers.get("location")).toBe(
      `${PATH}?lifted=0`,
    );
  });

  it("refuses to lift without a token, by viewers and without a reason", async () => {
    const { hash, left, admin, viewer, page } = await open();
    await expectGuarded({ admin, viewer }, `${PATH}/${hash}/lift`);
    expect(await left()).toHaveLength(1);
    expect(await page(PATH)).not.toContain("<button formaction=");
    expect((await postForm(admin, `${PATH}/abc/lift`, { reason: "why" })).status).toBe(404);
  });
});

import { describe, expect, it } from "vitest";
import { SAMPLE_NAMES } from "../../../src/http/admin/email-samples.ts";
import { adminWorld, browser, send } from "./browser.ts";

describe("the gallery of e-mail", () => {
  it("shows every letter, whole and as text, to whoever is signed in", async () => {
    const { address } = await adminWorld();
    const { send: look } = await browser(address, "viewer");
    const list = await (await look("GET", "/admin/emails")).text();
    for (const name of SAMPLE_NAMES) {
      expect(list).toContain(`/admin/emails/${name}"`);
      const page = await (await look("GET", `/admin/emails/${name}`)).text();
      expect(page).toContain(`src="/admin/emails/${name}/html"`);
      const letter = await look("GET", `/admin/emails/${name}/html`);
      expect(await letter.text()).toContain("Hello Ada,");
      expect(await (await look("GET", `/admin/emails/${name}/text`)).text()).toMatch(/^Hello Ada,/);
    }
    expect((await look("GET", "/admin/emails/nothing")).status).toBe(404);
  });

  it("lets the letter have its styles and nothing else, in a page of ours alone", async () => {
    const { address } = await adminWorld();
    const { send: look } = await browser(address, "viewer");
    const letter = await look("GET", "/admin/emails/digest-daily/html");
    expect(letter.headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'; sandbox",
    );
    expect(letter.headers.get("x-frame-options")).toBe("SAMEORIGIN");
  });

  it("is closed to strangers, and off without passwords", async () => {
    const closed = await adminWorld();
    expect((await send(closed.address, "GET", "/admin/emails", { Accept: "text/html" })).status).toBe(303);
    const off = await adminWorld({});
    expect((await send(off.address, "GET", "/admin/emails")).status).toBe(404);
  });

  it("is open in development, and the rest is not", async () => {
    const { address } = await adminWorld({ NODE_ENV: "development" });
    expect((await send(address, "GET", "/admin/emails")).status).toBe(200);
    expect((await send(address, "GET", "/admin/emails/digest-daily/html")).status).toBe(200);
    expect((await send(address, "GET", "/admin/style.css")).status).toBe(200);
    expect((await send(address, "GET", "/admin/queues")).status).toBe(404);
  });
});

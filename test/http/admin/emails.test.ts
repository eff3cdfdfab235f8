import { describe, expect, it } from "vitest";
import { SAMPLE_NAMES } from "../../../src/http/admin/email-samples.ts";
import { adminWorld, browser, send } from "./browser.ts";

describe("the e-mail previews", () => {
  it("show every e-mail as HTML and text to signed-in operators", async () => {
    const { address } = await adminWorld();
    const { send: look } = await browser(address, "viewer");
    const list = await (await look("GET", "/admin/emails")).text();
    for (const name of SAMPLE_NAMES) {
      expect(list).toContain(`/admin/emails/${name}"`);
      const page = await (await look("GET", `/admin/emails/${name}`)).text();
      expect(page).toContain(`src="/admin/emails/${name}/html"`);
      const email = await look("GET", `/admin/emails/${name}/html`);
      expect(await email.text()).toContain("Hello Ada,");
      expect(await (await look("GET", `/admin/emails/${name}/text`)).text()).toMatch(/^Hello Ada,/);
    }
    expect((await look("GET", "/admin/emails/nothing")).status).toBe(404);
  });

  it("are in the language of the parameter, with links to the others", async () => {
    const { address } = await adminWorld();
    const { send: look } = await browser(address, "viewer");
    const read = async (path: string) => (await look("GET", path)).text();
    const list = await read("/admin/emails?language=de");
    expect(list).toContain('href="/admin/emails" lang="en">English<');
    expect(list).toContain('href="/admin/emails/document_uploaded?language=de"');
    expect(list).toContain("Neues Dokument in Riverbank Gardens");
    const page = await read("/admin/emails/document_uploaded?language=de");
    expect(page).toContain('src="/admin/emails/document_uploaded/html?language=de"');
    expect(await read("/admin/emails/document_uploaded/html?language=de")).toContain("Guten Tag Ada,");
    expect(await read("/admin/emails/document_uploaded/text?language=de-AT")).toMatch(/^Guten Tag Ada,/);
    for (const unknown of ["tlh", "", "de&language=de", "%00"])
      expect(await read(`/admin/emails/document_uploaded/text?language=${unknown}`)).toMatch(/^Hello Ada,/);
    expect(await read("/admin/emails")).toContain('href="/admin/emails?language=de" lang="de">Deutsch<');
  });

  it("allow an e-mail its inline styles only, framed by the same origin", async () => {
    const { address } = await adminWorld();
    const { send: look } = await browser(address, "viewer");
    const email = await look("GET", "/admin/emails/digest-daily/html");
    expect(email.headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'; sandbox",
    );
    expect(email.headers.get("x-frame-options")).toBe("SAMEORIGIN");
  });

  it("require a login, and are disabled without passwords", async () => {
    const closed = await adminWorld();
    expect((await send(closed.address, "GET", "/admin/emails", { Accept: "text/html" })).status).toBe(303);
    const off = await adminWorld({});
    expect((await send(off.address, "GET", "/admin/emails")).status).toBe(404);
  });

  it("are public in development, unlike the rest", async () => {
    const { address } = await adminWorld({ NODE_ENV: "development" });
    expect((await send(address, "GET", "/admin/emails")).status).toBe(200);
    expect((await send(address, "GET", "/admin/emails/digest-daily/html")).status).toBe(200);
    expect((await send(address, "GET", "/admin/assets/style.css")).status).toBe(200);
    expect((await send(address, "GET", "/admin/queues")).status).toBe(404);
  });
});

import { describe, expect, it } from "vitest";
import { parseSmtpUrl } from "../../src/config/smtp-url.ts";

describe("the URL of an SMTP server", () => {
  it.each([
    [
      "smtp://mail.test",
      {
        host: "mail.test",
        port: 587,
        isImplicitTls: false,
        tls: "optional",
        credentials: null,
        perSecond: 20,
      },
    ],
    [
      "smtp://me%40home:p%3Aw@mail.test:25",
      { port: 25, tls: "required", credentials: { user: "me@home", password: "p:w" } },
    ],
    ["smtps://u:p@mail.test", { port: 465, isImplicitTls: true, tls: "required" }],
    ["smtp://u:p@mail.test?tls=off&rate=0.5", { tls: "off", perSecond: 0.5 }],
    ["smtps://mail.test/?tls=unverified", { tls: "unverified" }],
    ["smtp://[::1]:2525", { host: "::1", port: 2525 }],
  ])("%s", (url, server) => {
    expect(parseSmtpUrl(url)).toMatchObject(server);
  });

  it.each([
    "https://mail.test",
    "smtp://",
    "mail.test:25",
    "smtp://mail.test?tls=maybe",
    "smtp://mail.test?rate=0",
    "smtp://mail.test?rate=fast",
    "smtp://mail.test?requireTLS=true",
    "smtp://mail.test/inbox",
    "smtp://u:p%E0%A4%A@mail.test",
    "smtps://mail.test?tls=off",
    "smtps://mail.test?tls=optional",
  ])("is refused: %s", (url) => {
    expect(parseSmtpUrl(url)).toEqual({ fault: expect.any(String) });
  });

  it("names the option that it does not know", () => {
    expect(parseSmtpUrl("smtp://mail.test?pool=true")).toEqual({
      fault: "a URL with no options but tls and rate (not pool)",
    });
  });
});

import { describe, expect, it } from "vitest";
import { addressIn, mailboxIn } from "../../../src/scoring/notifications/mailbox.ts";

describe("an address", () => {
  it.each([
    ["ada@people.test", "ada@people.test"],
    ["  Ada.Obi+news@People.Test\n", "Ada.Obi+news@People.Test"],
    ["o'brien@people.test", "o'brien@people.test"],
    ["ada@localhost", "ada@localhost"],
    ["用户@例子.测试", "用户@例子.测试"],
    ["ada@münchen.test", "ada@münchen.test"],
    [`${"a".repeat(64)}@people.test`, `${"a".repeat(64)}@people.test`],
  ])("is read from %j", (text, address) => {
    expect(addressIn(text)).toBe(address);
  });

  it.each([
    "",
    "ada",
    "@people.test",
    "ada@",
    "a@b@people.test",
    "ada@people.test, bo@people.test",
    "ada@people.test;bo@people.test",
    "ada@people.test bo@people.test",
    "ada@people.test\nbo@people.test",
    "ada@people.test\r\nBcc: bo@people.test",
    "friends: ada@people.test, bo@people.test;",
    "Ada <ada@people.test>",
    "<ada@people.test>",
    '"ada, bo"@people.test',
    "ada(comment)@people.test",
    "ada@[127.0.0.1]",
    "ada@people..test",
    ".ada@people.test",
    "ada.@people.test",
    "ada@-people.test",
    "ada@people.test\u0000",
    "ada\u202e@people.test",
    `${"a".repeat(65)}@people.test`,
    `ada@${"people.".repeat(40)}test`,
  ])("is not read from %j", (text) => {
    expect(addressIn(text)).toBeNull();
  });
});

describe("a mailbox", () => {
  it.each([
    ["ada@people.test", { name: null, address: "ada@people.test" }],
    ["<ada@people.test>", { name: null, address: "ada@people.test" }],
    ["Ada Obi <ada@people.test>", { name: "Ada Obi", address: "ada@people.test" }],
    ['"Commonwork, Inc." <a@b.test>', { name: "Commonwork, Inc.", address: "a@b.test" }],
    ['"Say \\"hi\\"" <a@b.test>', { name: 'Say "hi"', address: "a@b.test" }],
    ["Grüße <a@b.test>", { name: "Grüße", address: "a@b.test" }],
  ])("is read from %s", (text, mailbox) => {
    expect(mailboxIn(text)).toEqual(mailbox);
  });

  it.each([
    "Commonwork, Inc. <a@b.test>",
    "A <a@b.test>, B <c@d.test>",
    "A <a@b.test>\r\nBcc: c@d.test",
    '"A\r\nBcc: c@d.test" <a@b.test>',
    "A <a@b.test> B",
    "A <>",
    "nobody",
  ])("is not read from %j", (text) => {
    expect(mailboxIn(text)).toBeNull();
  });
});

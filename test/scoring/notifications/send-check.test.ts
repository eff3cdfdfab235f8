import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reasonToDrop, type SendFacts } from "../../../src/scoring/notifications/send-check.ts";

const sendable: SendFacts = {
  channel: "email",
  eventType: "budget.awarded",
  projectId: null,
  threadId: null,
  mayAccess: true,
  hasAddress: true,
  isSuppressed: false,
  isMustSend: false,
  preferences: [],
  isUnsubscribed: false,
  frequency: "immediate",
  staleReason: null,
};

const mute = {
  scopeType: "global",
  scopeId: null,
  eventType: "*",
  channel: "email",
  status: "muted",
} as const;

const RULES: readonly [string, Partial<SendFacts>, always: boolean][] = [
  ["no-access", { mayAccess: false }, true],
  ["no-address", { hasAddress: false }, true],
  ["suppressed", { isSuppressed: true }, true],
  ["unsubscribed", { isUnsubscribed: true }, false],
  ["muted", { preferences: [mute] }, false],
  ["frequency-none", { frequency: "none" }, false],
  ["read-meanwhile", { staleReason: "read-meanwhile" }, false],
];

describe("the check before an e-mail is sent", () => {
  it("passes an e-mail that no rule stops", () => {
    expect(reasonToDrop(sendable)).toBeNull();
  });

  it("an event that was overtaken stops it", () => {
    expect(reasonToDrop({ ...sendable, staleReason: "overtaken" })).toBe("overtaken");
  });

  it.each(RULES)("%s stops it", (reason, facts, always) => {
    expect(reasonToDrop({ ...sendable, ...facts })).toBe(reason);
    expect(reasonToDrop({ ...sendable, ...facts, isMustSend: true })).toBe(always ? reason : null);
  });

  it("names the first reason of several, in the order of the rules", () => {
    for (let from = 0; from < RULES.length; from++) {
      const facts = Object.assign(
        {},
        sendable,
        ...RULES.slice(from).map(([, change]) => change),
      ) as SendFacts;
      expect(reasonToDrop(facts)).toBe(RULES[from]![0]);
    }
  });

  it("never sends for one more reason to drop, and drops a must-send e-mail only if it drops any other", () => {
    const someRules = fc.subarray([...RULES]);
    fc.assert(
      fc.property(someRules, fc.constantFrom(...RULES), fc.boolean(), (rules, [, one], isMustSend) => {
        const facts: SendFacts = Object.assign({}, sendable, ...rules.map(([, change]) => change), {
          isMustSend,
        });
        const reason = reasonToDrop(facts);
        if (reason !== null) expect(reasonToDrop({ ...facts, ...one })).not.toBeNull();
        if (isMustSend && reason !== null) expect(reasonToDrop({ ...facts, isMustSend: false })).toBe(reason);
        expect(reason !== null).toBe(rules.some(([, , always]) => always || !isMustSend));
      }),
    );
  });
});

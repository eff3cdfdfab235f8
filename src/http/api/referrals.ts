import express, { Router } from "express";
import { z } from "zod";
import { isContention, isDatabaseAbsent } from "../../db/faults.ts";
import { type JoinRefusal, joinReferral } from "../../intake/referrals.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { userAuth, userOf } from "../auth.ts";
import { sendError, sendRetryLater } from "../error-response.ts";
import { validateBody } from "../validate.ts";

const REFUSAL_CODES: Record<JoinRefusal, number> = {
  "unknown-code": 404,
  "no-profile": 404,
  "already-referred": 409,
  circle: 409,
  self: 422,
};

const ID = /^[1-9][0-9]{0,17}$/;

const body = z.object({
  referral_code: z
    .string("must be a text")
    .trim()
    .toUpperCase()
    .regex(/^[A-Z0-9]{8}$/, "must be 8 letters and digits"),
  organization_id: z
    .union([z.string(), z.int().transform(String)], "must be an id")
    .pipe(z.string().regex(ID, "must be an id"))
    .nullish(),
});

/** `POST /referrals { referral_code, organization_id? }`: the user of the token is referred by the owner of the code, once. */
export function referralRoutes(runtime: Runtime): Router {
  const router = Router();
  router.post("/referrals", userAuth(runtime), express.json({ limit: "8kb" }), async (req, res) => {
    const given = validateBody(body, req, res, "bad-referral");
    if (given === null) return;
    const { referral_code: referralCode, organization_id: organizationId } = given;
    const request = { userId: userOf(res), referralCode, organizationId: organizationId ?? undefined };
    try {
      const joined = await runtime.relay.transact((tx) => joinReferral(tx, request));
      if (joined.kind === "refused") {
        return sendError(res, REFUSAL_CODES[joined.code], { code: joined.code, message: joined.message });
      }
      res.status(201).json({ status: "joined", profile: joined.profileId, referrer: joined.referrerId });
    } catch (error) {
      if (!isDatabaseAbsent(error) && !isContention(error)) throw error;
      const message = "Nothing was changed. Try again after the time in Retry-After.";
      sendRetryLater(res, 503, { code: "unavailable", message }, 2_000);
    }
  });
  return router;
}

import express, { type RequestHandler, Router } from "express";
import { z } from "zod";
import { isContention, isDatabaseAbsent } from "../../db/faults.ts";
import { referencesTo, resolveReference } from "../../db/references.ts";
import { referenceField } from "../../ids.ts";
import { type JoinRefusal, joinReferral } from "../../intake/referrals.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendError, sendRetryLater } from "../requests/error-response.ts";
import { sendFaults, validateBody } from "../requests/validate.ts";
import { userOf } from "./auth.ts";

const REFUSAL_CODES: Record<JoinRefusal, number> = {
  "unknown-code": 404,
  "no-profile": 404,
  "already-referred": 409,
  circle: 409,
  self: 422,
};

export const referralBody = z.object({
  referral_code: z
    .string("must be a string")
    .trim()
    .toUpperCase()
    .regex(/^[A-Z0-9]{8}$/, "must be 8 letters and digits"),
  organization_id: referenceField().nullish(),
});

/**
 * `POST /referrals { referral_code, organization_id? }`: makes the owner of the code the referrer of the
 * authenticated user, once.
 */
export function referralRoutes(runtime: Runtime, auth: RequestHandler): Router {
  const router = Router();
  router.post("/referrals", auth, express.json({ limit: "8kb" }), async (req, res) => {
    const given = validateBody(referralBody, req, res, "bad-referral");
    if (given === null) return;
    const { referral_code: referralCode, organization_id: reference = null } = given;
    try {
      const organizationId =
        reference === null
          ? undefined
          : await resolveReference(runtime.db.drizzle, "organizations", reference);
      if (organizationId === null)
        return sendFaults(res, "bad-referral", [{ field: "organization_id", fault: "is unknown" }]);
      const request = { userId: userOf(res), referralCode, organizationId };
      const joined = await runtime.relay.transact((tx) => joinReferral(tx, request));
      if (joined.kind === "refused") {
        return sendError(res, REFUSAL_CODES[joined.code], { code: joined.code, message: joined.message });
      }
      const { profileId, referrerId } = joined;
      const referenceTo = await referencesTo(runtime.db.drizzle, "volunteer_profiles", [
        profileId,
        referrerId,
      ]);
      res
        .status(201)
        .json({ status: "joined", profile: referenceTo(profileId), referrer: referenceTo(referrerId) });
    } catch (error) {
      if (!isDatabaseAbsent(error) && !isContention(error)) throw error;
      const message =
        "Temporarily unavailable; nothing was changed. Try again after the time in Retry-After.";
      sendRetryLater(res, 503, { code: "unavailable", message }, 2_000);
    }
  });
  return router;
}

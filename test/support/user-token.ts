import { SignJWT } from "jose";

export const JWT_SECRET = "a shared secret of at least 32 bytes";

/** A token of that user, good for an hour of real time. */
export const userToken = (userId: string): Promise<string> =>
  new SignJWT({ exp: Math.floor(Date.now() / 1_000) + 3_600 })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .sign(new TextEncoder().encode(JWT_SECRET));

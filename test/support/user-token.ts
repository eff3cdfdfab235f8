import { SignJWT } from "jose";

export const JWT_SECRET = "a shared secret of at least 32 bytes";

/** A token of this user that is valid for an hour from `now`, which is the time of the world's clock. */
export const userToken = (subject: string, now: Date | string = new Date()): Promise<string> =>
  new SignJWT({ exp: Math.floor(new Date(now).getTime() / 1_000) + 3_600 })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(subject)
    .sign(new TextEncoder().encode(JWT_SECRET));

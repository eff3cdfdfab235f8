import { fakeResend } from "../../test/support/resend.ts";

// A fake of Resend without a rate limit, in a process of its own so that its work is not measured.
const resend = await fakeResend({ keep: "keys" });
process.stdout.write(`${JSON.stringify({ msg: "started", port: Number(new URL(resend.url).port) })}\n`);

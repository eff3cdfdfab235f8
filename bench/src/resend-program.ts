import { fakeResend } from "../../test/support/resend.ts";

// Resend without a limit of its rate, in a process of its own: what it costs is not counted as ours.
const resend = await fakeResend({ keep: "keys" });
process.stdout.write(`${JSON.stringify({ msg: "started", port: Number(new URL(resend.url).port) })}\n`);

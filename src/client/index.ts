/**
 * `commonwork/client`, for hosts in JavaScript or TypeScript: emits events and requests jobs in the host's
 * own transactions. It needs no Redis and no configuration of Commonwork.
 */

export { type EmitOptions, type Emitted, emit } from "./emit.ts";
export { type EnqueueOptions, enqueue } from "./enqueue.ts";
export { type Forwarded, type ForwardOptions, forwardOutbox, type OutboxRow } from "./forward-outbox.ts";
export { type Queryable, viaDrizzle, viaKnex, viaPostgresJs, viaPrisma } from "./queryable.ts";
export { signRequest } from "./sign-request.ts";

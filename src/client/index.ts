/**
 * `commonwork/client`, for hosts in JavaScript or TypeScript: emits events, requests jobs and records
 * engagement in the host's own transactions. It needs no Redis and no configuration of Commonwork.
 */

export { type EmitOptions, type Emitted, emit } from "./emit.ts";
export { type EnqueueOptions, enqueue } from "./enqueue.ts";
export { type Forwarded, type ForwardOptions, forwardOutbox, type OutboxRow } from "./forward-outbox.ts";
export { type Queryable, viaDrizzle, viaKnex, viaPostgresJs, viaPrisma } from "./queryable.ts";
export {
  type Engagement,
  type EngagementOutcome,
  type RecordEngagementOptions,
  recordEngagement,
} from "./record-engagement.ts";
export { signRequest } from "./sign-request.ts";

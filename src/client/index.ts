/**
 * `commonwork/client`, for hosts in JavaScript or TypeScript: emits events, requests jobs and records
 * engagement in the host's own transactions, and sends events and rows of a host in another database. It
 * needs no Redis and no configuration of Commonwork.
 */

export { type EmitOptions, type Emitted, emit } from "./emit.ts";
export { type EnqueueOptions, enqueue } from "./enqueue.ts";
export { type Forwarded, type ForwardOptions, forwardOutbox, type OutboxRow } from "./forward-outbox.ts";
export { type Queryable, viaDrizzle, viaKnex, viaPostgresJs, viaPrisma } from "./queryable.ts";
export { type ChangePage, type ReadChangesOptions, type ResultChange, readChanges } from "./read-changes.ts";
export {
  type Engagement,
  type EngagementOutcome,
  type RecordEngagementOptions,
  recordEngagement,
} from "./record-engagement.ts";
export {
  type ForwardRecordsOptions,
  forwardRecords,
  type HostColumns,
  type HostTableName,
  type RecordAnswer,
  type RecordOutboxRow,
  type SendRecordsOptions,
  type SentRecord,
  sendRecords,
} from "./send-records.ts";
export { signGet, signRequest } from "./sign-request.ts";

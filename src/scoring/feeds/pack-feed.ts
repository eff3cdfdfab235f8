import { type Feed, type FeedPost, type FeedSource, SOURCES } from "./merge-order.ts";

/**
 * Layout, big-endian: the numbers of posts, suggestions and questions (2 bytes each). A post: id, author,
 * created at, affinity, quality (8-byte floats, which hold ids below 2^53 exactly), source and newer posts of
 * its author (a byte each). A suggestion and a question: id. No text: a copy of it would outlive the post.
 */
const HEADER_BYTES = 6;
const POST_BYTES = 42;
const ID_BYTES = 8;

/** The bytes of a feed. */
export function packFeed({ posts, suggestions, questions }: Feed): Uint8Array {
  const size = HEADER_BYTES + posts.length * POST_BYTES + (suggestions.length + questions.length) * ID_BYTES;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const [index, { length }] of [posts, suggestions, questions].entries())
    view.setUint16(index * 2, length);
  let at = HEADER_BYTES;
  for (const { id, authorId, createdAt, affinity, quality, source, newer } of posts) {
    view.setFloat64(at, id);
    view.setFloat64(at + 8, authorId);
    view.setFloat64(at + 16, createdAt);
    view.setFloat64(at + 24, affinity);
    view.setFloat64(at + 32, quality);
    view.setUint8(at + 40, SOURCES.indexOf(source));
    view.setUint8(at + 41, newer);
    at += POST_BYTES;
  }
  for (const id of [...suggestions, ...questions]) {
    view.setFloat64(at, id);
    at += ID_BYTES;
  }
  return bytes;
}

/** @throws RangeError when the bytes are cut off. */
export function unpackFeed(bytes: Uint8Array): Feed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = HEADER_BYTES;
  const number = () => {
    at += 8;
    return view.getFloat64(at - 8);
  };
  const post = (): FeedPost => {
    const [id, authorId, createdAt, affinity, quality] = [number(), number(), number(), number(), number()];
    const source = SOURCES[view.getUint8(at)] as FeedSource;
    const newer = view.getUint8(at + 1);
    at += 2;
    return { id, authorId, createdAt, affinity, quality, source, newer };
  };
  const many = <T>(index: number, read: () => T): T[] =>
    Array.from({ length: view.getUint16(index * 2) }, read);
  return {
    posts: many(0, post),
    suggestions: many(1, number),
    questions: many(2, number),
  };
}

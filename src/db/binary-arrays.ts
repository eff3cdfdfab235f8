/**
 * Number arrays in Postgres's binary format, for parameters with thousands of elements: the driver sends a
 * Buffer in binary, and the server reads it several times as fast as text. Layout of array_recv: number of
 * dimensions, null flag, element type, length, lower bound, then the length and value of each element.
 */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const INT4_OID = 23;
const INT8_OID = 20;
const FLOAT4_OID = 700;
const FLOAT8_OID = 701;
const TWO_TO_32 = 4_294_967_296;

/** Bytes of an array of one dimension; an empty one has none, and the header ends before its length. */
const EMPTY_BYTES = 12;

function open(count: number, elementOid: number, elementBytes: number): { buffer: Buffer; view: DataView } {
  const buffer = Buffer.alloc(HEADER_BYTES + count * (LENGTH_BYTES + elementBytes));
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  view.setInt32(0, 1);
  view.setInt32(8, elementOid);
  view.setInt32(12, count);
  view.setInt32(16, 1);
  return { buffer, view };
}

/** Where each of several lists ends in a column that holds them one after the other, from their sizes. */
export function endsOf(sizes: Int32Array): Int32Array {
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return end;
  });
}

/** For a parameter `$n::int[]`. */
export function int4Array(values: Int32Array): Buffer {
  const { buffer, view } = open(values.length, INT4_OID, 4);
  let at = HEADER_BYTES;
  for (const value of values) {
    view.setInt32(at, 4);
    view.setInt32(at + 4, value);
    at += 8;
  }
  return buffer;
}

/** For a parameter `$n::bigint[]`. @param values whole numbers below 2^53. */
export function int8Array(values: Float64Array): Buffer {
  const { buffer, view } = open(values.length, INT8_OID, 8);
  let at = HEADER_BYTES;
  for (const value of values) {
    view.setInt32(at, 8);
    view.setInt32(at + 4, Math.floor(value / TWO_TO_32));
    view.setUint32(at + 8, value % TWO_TO_32);
    at += 12;
  }
  return buffer;
}

/** For a parameter `$n::real[]`. */
export function float4Array(values: Float32Array): Buffer {
  const { buffer, view } = open(values.length, FLOAT4_OID, 4);
  let at = HEADER_BYTES;
  for (const value of values) {
    view.setInt32(at, 4);
    view.setFloat32(at + 4, value);
    at += 8;
  }
  return buffer;
}

/** For a parameter `$n::float8[]`. */
export function float8Array(values: Float64Array): Buffer {
  const { buffer, view } = open(values.length, FLOAT8_OID, 8);
  let at = HEADER_BYTES;
  for (const value of values) {
    view.setInt32(at, 8);
    view.setFloat64(at + 4, value);
    at += 12;
  }
  return buffer;
}

/** Reads an array from the bytes of array_send. Null, of an aggregate over no rows, is an empty array. */
function read<A extends Int32Array | Float64Array>(
  bytes: Uint8Array | null,
  elementBytes: number,
  make: (count: number) => A,
  valueAt: (view: DataView, at: number) => number,
): A {
  if (bytes === null || bytes.byteLength <= EMPTY_BYTES) return make(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = make(view.getInt32(12));
  for (let n = 0, at = HEADER_BYTES + LENGTH_BYTES; n < values.length; n++, at += LENGTH_BYTES + elementBytes)
    values[n] = valueAt(view, at);
  return values;
}

/** From `int[]` without nulls. */
export const readInt4Array = (bytes: Uint8Array | null): Int32Array =>
  read(
    bytes,
    4,
    (count) => new Int32Array(count),
    (view, at) => view.getInt32(at),
  );

/** From `bigint[]` without nulls. */
export const readInt8Array = (bytes: Uint8Array | null): Float64Array =>
  read(
    bytes,
    8,
    (count) => new Float64Array(count),
    (view, at) => view.getInt32(at) * TWO_TO_32 + view.getUint32(at + 4),
  );

/** From `float8[]` without nulls. */
export const readFloat8Array = (bytes: Uint8Array | null): Float64Array =>
  read(
    bytes,
    8,
    (count) => new Float64Array(count),
    (view, at) => view.getFloat64(at),
  );

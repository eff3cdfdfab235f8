import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import {
  float4Array,
  float8Array,
  int4Array,
  int8Array,
  readFloat8Array,
  readInt4Array,
  readInt8Array,
} from "../../src/db/binary-arrays.ts";
import { rows } from "../../src/db/statement.ts";
import { createWorld } from "../support/world.ts";

describe("an array in the binary format", () => {
  it("round-trips: no elements, the least and the greatest of its type", async () => {
    const world = await createWorld();
    const small = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)];
    const large = [0, 1, -1, 2 ** 32, -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    const floats = [0, -1.5, 2 ** 127, 1.401298464324817e-45];
    const [read] = await rows(
      world.db.drizzle,
      sql`select ${sql.param(int4Array(Int32Array.from(small)))}::int[] as small, ${sql.param(int4Array(new Int32Array()))}::int[] as none,
                 ${sql.param(int8Array(Float64Array.from(large)))}::bigint[]::text[] as large,
                 ${sql.param(float4Array(Float32Array.from(floats)))}::real[]::float8[] as floats`,
    );
    expect(read).toEqual({ small, none: [], large: large.map(String), floats });
  });

  it("is read as Postgres sends it: all values, none, and no array", async () => {
    const world = await createWorld();
    const small = Int32Array.of(0, 1, -1, 2 ** 31 - 1, -(2 ** 31));
    const large = Float64Array.of(
      0,
      -1,
      2 ** 32,
      -(2 ** 32) - 1,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
    );
    const floats = Float64Array.of(0, -1.5, 5e-324, Number.MAX_VALUE, Number.POSITIVE_INFINITY);
    const [read] = await rows<Record<"small" | "large" | "floats" | "none" | "missing", Buffer | null>>(
      world.db.drizzle,
      sql`select array_send(${sql.param(int4Array(small))}::int[]) as small, array_send(${sql.param(int8Array(large))}::bigint[]) as large,
                 array_send(${sql.param(float8Array(floats))}::float8[]) as floats, array_send('{}'::bigint[]) as none, null::bytea as missing`,
    );
    expect(readInt4Array(read!.small)).toEqual(small);
    expect(readInt8Array(read!.large)).toEqual(large);
    expect(readFloat8Array(read!.floats)).toEqual(floats);
    expect(readInt8Array(read!.none)).toEqual(new Float64Array());
    expect(readInt8Array(read!.missing)).toEqual(new Float64Array());
  });
});

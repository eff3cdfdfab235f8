import type { z } from "zod";

/**
 * Variables of the environment by name. Each schema carries its description, and its default as one would
 * write it.
 */
export type Variables = Readonly<Record<string, z.ZodType>>;

/** The parsed values. */
export type VariableValues<V extends Variables> = { readonly [Name in keyof V]: z.output<V[Name]> };

/** The values as they were written, trimmed; undefined where a variable is unset or empty. */
export type Written<V extends Variables> = { readonly [Name in keyof V]: string | undefined };

/** One part of the configuration, with everything about its variables. The pages are generated from it. */
export type Area<V extends Variables, C extends object> = {
  /** The heading over its variables in docs/configuration.md and .env.example. */
  readonly title: string;
  readonly variables: V;
  /** The part of `Config` that this area contributes. */
  read(values: VariableValues<V>): C;
  /** Errors that concern several variables at once, such as one that requires another. */
  faults?(written: Written<V>, deployment: Deployment): string[];
};

/** The values that the errors of an area may depend on besides its own variables. */
export type Deployment = { readonly isProduction: boolean };

export const defineArea = <V extends Variables, C extends object>(area: Area<V, C>): Area<V, C> => area;

export type AnyArea = Area<Variables, object>;

/** The part of the configuration that an area contributes. */
export type ReadOf<A> = A extends Area<infer _, infer C> ? C : never;

/** Reads one area from the environment. Errors are added to `faults`; null if there were any. */
export function readArea<V extends Variables, C extends object>(
  area: Area<V, C>,
  environment: NodeJS.ProcessEnv,
  faults: string[],
): C | null {
  const found: string[] = [];
  const values: Record<string, unknown> = {};
  const written: Record<string, string | undefined> = {};
  for (const [name, schema] of Object.entries(area.variables)) {
    written[name] = environment[name]?.trim() || undefined;
    const parsed = schema.safeParse(environment[name]);
    if (parsed.success) values[name] = parsed.data;
    else found.push(...parsed.error.issues.map(({ message }) => `${name} ${message}`));
  }
  const deployment = { isProduction: (environment["NODE_ENV"]?.trim() || "production") === "production" };
  found.push(...(area.faults?.(written as Written<V>, deployment) ?? []));
  faults.push(...found);
  return found.length === 0 ? area.read(values as VariableValues<V>) : null;
}

/** Shapes of parsed JSON: each is a type guard, and the TypeScript type is read off it, so the two can't differ. */

/** Tells whether a value, parsed from outside text, has a shape. */
export type Shape<T> = (value: unknown) => value is T;

/** The type that a shape guards. */
export type Shaped<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;

/** An object with exactly these fields. */
export function object<F extends Fields>(fields: F): Shape<{ readonly [K in keyof F]: Shaped<F[K]> }> {
  const names = Object.keys(fields);
  return (value): value is { readonly [K in keyof F]: Shaped<F[K]> } =>
    isObject(value) &&
    Object.keys(value).length === names.length &&
    names.every((name) => fields[name]?.(value[name]) === true);
}

/** An object whose keys are data: each fits `key`, each value `item`. */
export function record<T>(key: Shape<string>, item: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> =>
    isObject(value) && Object.entries(value).every(([name, each]) => key(name) && item(each));
}

/** An array of at most `most` items. */
export function list<T>(item: Shape<T>, most: number): Shape<readonly T[]> {
  return (value): value is readonly T[] =>
    Array.isArray(value) && value.length <= most && value.every((each: unknown) => item(each));
}

/** A string, of a form where one is given. */
export function text(form?: RegExp): Shape<string> {
  return (value): value is string => typeof value === "string" && (form === undefined || form.test(value));
}

/** A whole number between two bounds, both included. */
export function integer(least: number, most: number): Shape<number> {
  return (value): value is number =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

/** True or false. */
export const flag: Shape<boolean> = (value): value is boolean => typeof value === "boolean";

/** One of these words. */
export function oneOf<const T extends string>(...words: readonly T[]): Shape<T> {
  return (value): value is T => words.some((word) => word === value);
}

/** A value of that shape, or null. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value): value is T | null => value === null || shape(value);
}

/** Tells whether a value is an object and no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

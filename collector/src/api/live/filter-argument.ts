import type { z } from 'zod';

/**
 * What the argument of a live view asks for, written like the query of an address; undefined when it
 * is not understood.
 */
export function filterArgument<S extends z.ZodType>(
  schema: S,
  argument: string,
): z.output<S> | undefined {
  return schema.safeParse(Object.fromEntries(new URLSearchParams(argument))).data;
}

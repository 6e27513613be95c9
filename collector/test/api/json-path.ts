/** The part of jsonPath that gate settings use: `$`, `$.a.b`, with or without braces around it. */
export function jsonPath(value: unknown, path: string): unknown {
  const parts = path.replaceAll(/[{}]/g, '').split('.').slice(1);
  let at = value;
  for (const part of parts) at = (at as Record<string, unknown>)[part];
  return at;
}

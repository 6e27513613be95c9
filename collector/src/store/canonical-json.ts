/**
 * JSON with object keys sorted and no white space, so that equal values give equal bytes. Values are
 * taken as `JSON.stringify` sees them (`undefined` members are left out).
 *
 * @throws TypeError for what JSON cannot hold, such as a BigInt or a cycle.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    isPlainObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

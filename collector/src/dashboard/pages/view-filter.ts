/** What a view is asked for: the named parts of an address, in one order, without empty ones. */
export function viewFilter(query: URLSearchParams, fields: readonly string[]): string {
  const wanted = new URLSearchParams();
  for (const field of fields) {
    const value = query.get(field);
    if (value !== null && value !== '') wanted.set(field, value);
  }
  return wanted.toString();
}

/** The address of an issuer's part of a page. */
export function issuerPath(issuer: string): string {
  return `/issuers?${new URLSearchParams({ issuer })}`;
}

/** Where in the dashboard somebody is. */
export type Route =
  | { readonly page: 'overview' }
  | { readonly page: 'rotations' }
  | { readonly page: 'rotation'; readonly id: string }
  | { readonly page: 'verifiers' }
  | {
      readonly page: 'verifier';
      readonly service: string;
      readonly instance: string;
      readonly cache: string;
    }
  | { readonly page: 'alerts' }
  | { readonly page: 'alert'; readonly id: string }
  | { readonly page: 'issuers' }
  | { readonly page: 'inventory' }
  | { readonly page: 'unknown' };

/** What a path leads to; the collector serves the dashboard under these. */
export function routeOf(pathname: string): Route {
  const parts = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
  const [first, second, third, fourth] = parts;
  switch (first) {
    case undefined:
      return { page: 'overview' };
    case 'rotations':
      if (parts.length === 1) return { page: 'rotations' };
      return second !== undefined && parts.length === 2
        ? { page: 'rotation', id: second }
        : { page: 'unknown' };
    case 'verifiers':
      if (parts.length === 1) return { page: 'verifiers' };
      return second !== undefined &&
        third !== undefined &&
        fourth !== undefined &&
        parts.length === 4
        ? { page: 'verifier', service: second, instance: third, cache: fourth }
        : { page: 'unknown' };
    case 'alerts':
      if (parts.length === 1) return { page: 'alerts' };
      return second !== undefined && parts.length === 2
        ? { page: 'alert', id: second }
        : { page: 'unknown' };
    case 'issuers':
      return parts.length === 1 ? { page: 'issuers' } : { page: 'unknown' };
    case 'inventory':
      return parts.length === 1 ? { page: 'inventory' } : { page: 'unknown' };
    default:
      return { page: 'unknown' };
  }
}

/** The address of a page of the dashboard, names from outside encoded. */
export function pathOf(...parts: readonly string[]): string {
  // Half a character, which no address can hold, would throw.
  return `/${parts.map((part) => encodeURIComponent(part.toWellFormed())).join('/')}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

import {
  type FetchedDocument,
  type FetchFailure,
  fetchDocument,
  fetchFailure,
  type FetchOptions,
} from '@keyturn/shared/http/fetch-document.ts';
import { JWKS_LIMITS, type JwksError, parseJwks } from '@keyturn/shared/jwks/parse.ts';
import type { Sighting, SightingError } from '../core/sighting.ts';
import { readCacheHeaders } from './cache-headers.ts';
import type { Discovery } from './discovery.ts';

/** Largest JWKS read. */
export const JWKS_BYTES_MAX = JWKS_LIMITS.bytesMax;

/**
 * Fetches the JWKS at an address, or where discovery says it is, once. Never throws. `onDocument`
 * takes the bytes of a document that could be read.
 */
export async function sightJwks(
  at: URL | Discovery,
  options: FetchOptions,
  onDocument: (body: Uint8Array) => void = () => undefined,
): Promise<Sighting['result']> {
  if (at instanceof URL) return resultOf(await fetchDocument(at, options), onDocument);
  const found = await at.jwksUri(options);
  if (!found.ok) return found;
  const result = resultOf(await fetchDocument(found.uri, options), onDocument);
  if (!result.ok) at.forget();
  return result;
}

function resultOf(
  fetched: FetchedDocument | FetchFailure,
  onDocument: (body: Uint8Array) => void,
): Sighting['result'] {
  if (!fetched.ok) return fetched;
  const parsed = parseJwks(fetched.body);
  if (!parsed.ok) return fetchFailure(sightingErrorOf(parsed.error), parsed.message);
  onDocument(fetched.body);
  return {
    ok: true,
    keys: parsed.keys,
    untrackedKeys: parsed.untrackedKeys,
    bytes: fetched.body.byteLength,
    documentSha256: parsed.sha256,
    ...readCacheHeaders(fetched.headers),
  };
}

function sightingErrorOf(error: JwksError): SightingError {
  switch (error) {
    case 'too_large':
    case 'not_json':
    case 'private_members':
    case 'duplicate_kid':
      return error;
    case 'not_a_key_set':
    case 'too_many_keys':
      return 'invalid';
  }
}

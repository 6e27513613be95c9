import { type Jwk, thumbprint } from '@keyturn/shared/jwks/thumbprint.ts';
import type { ProbedKey } from '../core/probes/record.ts';

/**
 * The public keys in the collector's own latest readings of each JWKS, for checking canaries: the
 * rules work with thumbprints alone. Holds as much as the latest document of each vantage does.
 */
export class PublishedKeys {
  /** By issuer, then vantage. */
  readonly #documents = new Map<string, Map<string, readonly Jwk[]>>();

  /** Takes a document that was read as a key set. */
  note(issuer: string, vantage: string, body: Uint8Array): void {
    const { keys } = JSON.parse(new TextDecoder().decode(body)) as { readonly keys: Jwk[] };
    const ofIssuer = this.#documents.get(issuer) ?? new Map<string, readonly Jwk[]>();
    ofIssuer.set(vantage, keys);
    this.#documents.set(issuer, ofIssuer);
  }

  /** The key with exactly this kid and thumbprint; undefined when no vantage served it lately. */
  find(issuer: string, key: ProbedKey): Jwk | undefined {
    for (const keys of this.#documents.get(issuer)?.values() ?? []) {
      const found = keys.find(
        (jwk) => jwk['kid'] === key.kid && thumbprint(jwk) === key.thumbprint,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

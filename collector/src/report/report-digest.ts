import { createHash } from 'node:crypto';
import { canonicalJson } from '../store/canonical-json.ts';

/**
 * SHA-256, hex, over a report's canonical JSON (keys sorted, no white space), so that it does not
 * depend on how the JSON was printed.
 */
export function reportSha256(report: unknown): string {
  return createHash('sha256').update(canonicalJson(report)).digest('hex');
}

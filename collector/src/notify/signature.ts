import { createHmac } from 'node:crypto';
import type { Secret } from './secret.ts';

const PREFIX = 'whsec_';
const KEY_BYTES_MIN = 24;

/** Why a secret is no key for signatures; undefined when it is one. It is not repeated. */
export function hmacKeyProblem(secret: Secret): string | undefined {
  const text = secret.reveal();
  if (text.startsWith(PREFIX) && !/^[A-Za-z0-9+/]+={0,2}$/.test(text.slice(PREFIX.length))) {
    return `expected base64 after ${PREFIX}`;
  }
  const bytes = keyOf(secret).byteLength;
  if (bytes >= KEY_BYTES_MIN) return undefined;
  return `expected at least ${KEY_BYTES_MIN} bytes, got ${bytes}: a short secret can be guessed`;
}

/**
 * Headers of a signed message, by the Standard Webhooks specification 1.0: HMAC-SHA-256, base64, over
 * `id.timestamp.body`. The time is in it, so that a receiver can refuse what is old.
 *
 * @param id the same whenever the same message is sent again.
 */
export function signatureHeaders(
  secret: Secret,
  id: string,
  body: string,
  unixMs: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(unixMs / 1_000));
  const digest = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${digest.digest('base64')}`,
  };
}

/** The specification's form of a key, or any other text as it is. */
function keyOf(secret: Secret): Buffer {
  const text = secret.reveal();
  return text.startsWith(PREFIX)
    ? Buffer.from(text.slice(PREFIX.length), 'base64')
    : Buffer.from(text);
}

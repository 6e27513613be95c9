import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@keyturn/shared/errors.ts';
import {
  createKeyFile,
  dropPrivateHalf,
  type PublicJwk,
  readKeyFile,
  type ReceiptKey,
} from './key-file.ts';
import { ReceiptKeyError } from './receipt-key-error.ts';

/** A public key as the JWKS lists it. */
export interface PublishedJwk extends PublicJwk {
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'ES256';
}

/** The keys a collector has ever signed receipts with. */
export interface ReceiptKeys {
  /** The one that signs. */
  readonly current: ReceiptKey;
  /** Every public key, newest first: whoever keeps a receipt for years must find its key. */
  readonly jwks: { readonly keys: readonly PublishedJwk[] };
  /** True when this call made the first key. */
  readonly created: boolean;
}

/** Where they live in the data directory. */
const DIRECTORY = 'receipt-keys';

/**
 * The keys for receipts, with a first one made when there is none that can sign.
 *
 * @param dataDirectory must exist.
 * @throws ReceiptKeyError when a key file is damaged, cannot be read or written, or others may read it.
 */
export function openReceiptKeys(dataDirectory: string, nowMs: number): ReceiptKeys {
  return guarded(dataDirectory, (directory) => {
    const found = readAll(directory);
    const created = !found.some((key) => key.privateKey !== null);
    if (created) found.push(createKeyFile(directory, after(found, nowMs)));
    return settled(directory, found, created);
  });
}

/**
 * Makes a new key that signs from the next start on. The old one's private half is deleted, its
 * public half stays published.
 *
 * @throws ReceiptKeyError
 */
export function replaceReceiptKey(dataDirectory: string, nowMs: number): ReceiptKeys {
  return guarded(dataDirectory, (directory) => {
    const found = readAll(directory);
    found.push(createKeyFile(directory, after(found, nowMs)));
    return settled(directory, found, true);
  });
}

function readAll(directory: string): ReceiptKey[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readKeyFile(path.join(directory, name)));
}

/** The newest that can sign does; a replacement that was cut short is finished. */
function settled(directory: string, found: readonly ReceiptKey[], created: boolean): ReceiptKeys {
  const sorted = found.toSorted(
    (a, b) => b.createdAtMs - a.createdAtMs || (a.kid < b.kid ? -1 : 1),
  );
  const current = sorted.find((key) => key.privateKey !== null);
  if (current === undefined) throw new ReceiptKeyError('There is no key for receipts.');
  for (const key of sorted) {
    if (key !== current && key.privateKey !== null) dropPrivateHalf(directory, key);
  }
  const keys = sorted.map(
    ({ jwk, kid }) => ({ ...jwk, kid, use: 'sig', alg: 'ES256' }) satisfies PublishedJwk,
  );
  return { current, jwks: { keys }, created };
}

/** Later than every other key, also after the clock was set back. */
function after(found: readonly ReceiptKey[], nowMs: number): number {
  return Math.max(nowMs, ...found.map((key) => key.createdAtMs + 1));
}

function guarded<T>(dataDirectory: string, work: (directory: string) => T): T {
  const directory = path.join(dataDirectory, DIRECTORY);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return work(directory);
  } catch (thrown) {
    if (thrown instanceof ReceiptKeyError) throw thrown;
    throw new ReceiptKeyError(
      `The keys for receipts in ${directory} cannot be used: ${messageOf(thrown)}. Make it writable for the collector's user.`,
      { cause: thrown },
    );
  }
}

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@keyturn/shared/errors.ts';
import { thumbprint } from '@keyturn/shared/jwks/thumbprint.ts';
import { z } from 'zod';
import { createWholeFile, replaceWholeFile } from '../whole-file.ts';
import { ReceiptKeyError } from './receipt-key-error.ts';

/** The public half of a key for receipts. */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

/** One key for receipts as its file holds it. */
export interface ReceiptKey {
  /** RFC 7638 SHA-256 thumbprint. */
  readonly kid: string;
  readonly createdAtMs: number;
  readonly jwk: PublicJwk;
  /** Null once it was replaced: what it signed can be verified for ever, and nothing new be signed. */
  readonly privateKey: KeyObject | null;
}

const FILE_BYTES_MAX = 4_096;

const PROBE = Buffer.from('keyturn');

const FileShape = z.strictObject({
  created_at: z.iso.datetime(),
  key: z.strictObject({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.string(),
    y: z.string(),
    d: z.string().optional(),
  }),
});

/** Makes a key in a file of its own, readable by its owner alone. */
export function createKeyFile(directory: string, createdAtMs: number): ReceiptKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y, d } = privateKey.export({ format: 'jwk' });
  const jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' };
  const kid = thumbprint({ ...jwk }) ?? '';
  createWholeFile(fileOf(directory, kid), bodyOf(createdAtMs, { ...jwk, d }));
  return { kid, createdAtMs, jwk, privateKey };
}

/** Forgets the private half of a key for good; its public half stays. */
export function dropPrivateHalf(directory: string, key: ReceiptKey): ReceiptKey {
  replaceWholeFile(fileOf(directory, key.kid), bodyOf(key.createdAtMs, key.jwk));
  return { ...key, privateKey: null };
}

/**
 * @throws ReceiptKeyError when the file cannot be read, others may read it, or it holds no key of
 * this name.
 */
export function readKeyFile(file: string): ReceiptKey {
  const shape = FileShape.safeParse(jsonOf(readPrivate(file), file));
  if (!shape.success) throw damaged(file, 'it does not hold a P-256 key');
  const { created_at: createdAt, key } = shape.data;
  const { d, ...jwk } = key;
  const kid = thumbprint(jwk);
  if (kid === undefined || `${kid}.json` !== path.basename(file)) {
    throw damaged(file, 'its key is not the one it is named after');
  }
  const privateKey = halvesOf(jwk, d, file);
  return { kid, createdAtMs: Date.parse(createdAt), jwk, privateKey };
}

/** The private half, where there is one and it belongs to the public one. */
function halvesOf(jwk: PublicJwk, d: string | undefined, file: string): KeyObject | null {
  try {
    const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    if (d === undefined) return null;
    const privateKey = createPrivateKey({ key: { ...jwk, d }, format: 'jwk' });
    // Nothing else compares the halves of a JWK: what one signs, the other must accept.
    const signature = sign('sha256', PROBE, privateKey);
    if (verify('sha256', PROBE, publicKey, signature)) return privateKey;
  } catch (thrown) {
    throw damaged(file, messageOf(thrown), thrown);
  }
  throw damaged(file, 'its two halves do not belong together');
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not the parser's own words: they would quote the file.
    throw damaged(file, 'it is not JSON');
  }
}

/** Checks the permissions of the very file it reads. */
function readPrivate(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { mode, size } = fstatSync(descriptor);
    if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
      throw new ReceiptKeyError(
        `${file} can be used by others (mode ${(mode & 0o777).toString(8)}): run \`chmod 600 ${file}\`, ` +
          'and replace the key with `keyturn-collector --new-receipt-key` if it may have been read.',
      );
    }
    return size > FILE_BYTES_MAX ? '' : readFileSync(descriptor, 'utf8');
  } catch (thrown) {
    if (thrown instanceof ReceiptKeyError) throw thrown;
    throw new ReceiptKeyError(`The key for receipts cannot be read: ${messageOf(thrown)}.`, {
      cause: thrown,
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function damaged(file: string, what: string, cause?: unknown): ReceiptKeyError {
  return new ReceiptKeyError(
    `${file} is damaged: ${what}. Put it back from a backup. Without one, move it away: a new key is ` +
      'made if none is left, and receipts of the lost one verify only for those who kept its JWKS.',
    { cause },
  );
}

function bodyOf(createdAtMs: number, key: PublicJwk & { readonly d?: string | undefined }): Buffer {
  const body = { created_at: new Date(createdAtMs).toISOString(), key };
  return Buffer.from(`${JSON.stringify(body)}\n`);
}

function fileOf(directory: string, kid: string): string {
  return path.join(directory, `${kid}.json`);
}

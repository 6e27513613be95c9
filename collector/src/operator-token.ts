import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KeyturnError, messageOf } from '@keyturn/shared/errors.ts';
import { createWholeFile } from './whole-file.ts';

/** Where the operator token comes from. `generated`: a file of its own in the data directory. */
export type OperatorTokenSource =
  | { readonly kind: 'given'; readonly token: string }
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'generated' };

/** The secret that everything which changes state needs. */
export interface OperatorToken {
  /** Constant time in the content of `presented`. */
  readonly matches: (presented: string) => boolean;
  /** Where people find it; null when it was given directly. */
  readonly file: string | null;
  /** True when this start made it. */
  readonly created: boolean;
}

/** The operator token cannot be used; the message says what to do and never shows it. */
export class OperatorTokenError extends KeyturnError {
  constructor(message: string, options?: ErrorOptions) {
    super('OPERATOR_TOKEN', message, options);
  }
}

const TOKEN_BYTES = 32;
const FILE_BYTES_MAX = 4_096;
const TOKEN = /^[\u0021-\u007e]{20,512}$/;

/**
 * The operator token, made on the first start: 32 random bytes, base64url, in `operator-token` of
 * the data directory, readable by its owner alone.
 *
 * @param dataDirectory must exist.
 * @throws OperatorTokenError when the file cannot be read or written, others may read it, or its
 * content is no token.
 */
export function openOperatorToken(
  source: OperatorTokenSource,
  dataDirectory: string,
): OperatorToken {
  switch (source.kind) {
    case 'given':
      return { matches: matcher(source.token), file: null, created: false };
    case 'file':
      return { matches: matcher(readToken(source.file)), file: source.file, created: false };
    case 'generated': {
      const file = path.join(dataDirectory, 'operator-token');
      const created = !existsSync(file) && createToken(file);
      return { matches: matcher(readToken(file)), file, created };
    }
  }
}

/** Digests have one length whatever is presented, so neither length nor content shows in the time. */
function matcher(token: string): (presented: string) => boolean {
  const expected = sha256(token);
  return (presented) => timingSafeEqual(expected, sha256(presented));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** False when the file was there already, another collector's start included. */
function createToken(file: string): boolean {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  try {
    return createWholeFile(file, Buffer.from(`${token}\n`));
  } catch (thrown) {
    throw new OperatorTokenError(
      `The operator token cannot be written to ${file}: ${messageOf(thrown)}. Make its directory ` +
        'writable, or set KEYTURN_OPERATOR_TOKEN.',
      { cause: thrown },
    );
  }
}

function readToken(file: string): string {
  const token = readPrivate(file).trim();
  if (TOKEN.test(token)) return token;
  throw new OperatorTokenError(
    `${file} holds no operator token: expected one line of 20 to 512 printable characters, got ` +
      `${token.length}. Write one, or remove the file to have one made.`,
  );
}

/** Checks the permissions of the very file it reads. */
function readPrivate(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { mode, size } = fstatSync(descriptor);
    refuseShared(file, mode);
    return size > FILE_BYTES_MAX ? '' : readFileSync(descriptor, 'utf8');
  } catch (thrown) {
    if (thrown instanceof OperatorTokenError) throw thrown;
    throw new OperatorTokenError(
      `The operator token cannot be read from ${file}: ${messageOf(thrown)}.`,
      { cause: thrown },
    );
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function refuseShared(file: string, mode: number): void {
  if ((mode & 0o077) === 0 || process.platform === 'win32') return;
  throw new OperatorTokenError(
    `${file} can be used by others (mode ${(mode & 0o777).toString(8)}): run \`chmod 600 ${file}\`, ` +
      'and replace the token if it may have been read.',
  );
}

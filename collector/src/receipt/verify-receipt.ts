import { compactVerify, createLocalJWKSet, errors } from 'jose';
import { messageOf } from '@keyturn/shared/errors.ts';
import { shown } from '@keyturn/shared/shown.ts';
import { z } from 'zod';
import { RECEIPT_TYPE, type ReceiptClaims, ReceiptClaimsSchema } from './receipt-claims.ts';

/** Shape of a JWKS that receipts are verified with; keys it does not need may be of any kind. */
export const JwksSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

export type ReceiptJwks = z.infer<typeof JwksSchema>;

export type Verified =
  | { readonly valid: true; readonly claims: ReceiptClaims; readonly kid: string }
  | { readonly valid: false; readonly reason: string };

/** A collector's clock may be ahead of the reader's by this much, seconds. */
const AHEAD_S_MAX = 300;

const BYTES_MAX = 1_048_576;

/** Checks a receipt against the keys its collector publishes. What does not hold is a reason. */
export async function verifyReceipt(
  receipt: string,
  jwks: ReceiptJwks,
  nowMs: number,
): Promise<Verified> {
  if (receipt.length > BYTES_MAX) return not('it is longer than a receipt can be');
  try {
    const { payload, protectedHeader } = await compactVerify(receipt, createLocalJWKSet(jwks), {
      algorithms: ['ES256'],
    });
    if (protectedHeader.typ !== RECEIPT_TYPE) {
      return not(`expected typ ${RECEIPT_TYPE}, got ${shown(protectedHeader.typ)}`);
    }
    return claimsOf(payload, protectedHeader.kid ?? '', nowMs);
  } catch (error) {
    return not(reasonOf(error));
  }
}

function claimsOf(payload: Uint8Array, kid: string, nowMs: number): Verified {
  const parsed = ReceiptClaimsSchema.safeParse(JSON.parse(Buffer.from(payload).toString('utf8')));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return not(`claim ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as expected'}`);
  }
  if (parsed.data.iat * 1_000 > nowMs + AHEAD_S_MAX * 1_000)
    return not('it is dated in the future');
  return { valid: true, claims: parsed.data, kid };
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWKSNoMatchingKey) return 'none of the given keys signed it';
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return 'its signature does not fit: it was changed, or another key signed it';
  }
  if (error instanceof errors.JWSInvalid) return `it is no JWS: ${error.message}`;
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'it is signed with another algorithm than ES256';
  return messageOf(error);
}

function not(reason: string): Verified {
  return { valid: false, reason };
}

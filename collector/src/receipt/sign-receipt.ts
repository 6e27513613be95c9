import { CompactSign } from 'jose';
import { RECEIPT_TYPE, type ReceiptClaims } from './receipt-claims.ts';
import { ReceiptKeyError } from './receipt-key-error.ts';
import type { ReceiptKeys } from './receipt-keys.ts';

/**
 * A receipt: compact JWS, one line that fits a ticket's field, and that every JOSE library reads.
 * ES256 rather than EdDSA for the same reason: RFC 9864 has just renamed the latter.
 */
export function signReceipt({ current }: ReceiptKeys, claims: ReceiptClaims): Promise<string> {
  const { kid, privateKey } = current;
  if (privateKey === null) throw new ReceiptKeyError('The key for receipts cannot sign any more.');
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'ES256', kid, typ: RECEIPT_TYPE })
    .sign(privateKey);
}

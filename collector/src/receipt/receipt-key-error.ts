import { KeyturnError } from '@keyturn/shared/errors.ts';

/** The keys for receipts cannot be used; the message says what to do and never shows a key. */
export class ReceiptKeyError extends KeyturnError {
  constructor(message: string, options?: ErrorOptions) {
    super('RECEIPT_KEY', message, options);
  }
}

import { readFileSync } from 'node:fs';
import { messageOf } from '@keyturn/shared/errors.ts';
import type { Command } from 'commander';
import {
  JwksSchema,
  type ReceiptJwks,
  type Verified,
  verifyReceipt,
} from '../../receipt/verify-receipt.ts';
import { reportSha256 } from '../../report/report-digest.ts';
import { UsageError } from '../cli-errors.ts';
import {
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  print,
} from '../command-parts.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { invalidText, receiptText } from '../render/receipt.ts';

interface VerifyOptions extends CommonOptions {
  readonly jwks?: string;
  readonly report?: string;
}

export function verifyCommand(report: Command, context: CommandContext): void {
  const description = 'Check a signed receipt, and that a saved report is the one it is of';
  command(report, 'verify <file>', description)
    .option('--jwks <file>', "the collector's saved /.well-known/jwks.json (default: ask it)")
    .option('--report <file>', 'the report as JSON that the receipt should be of')
    .addHelpText(
      'after',
      `
Exit status: 0 valid, 1 not valid, 2 usage or a file that cannot be read, 4 collector unreachable.

Examples:
  $ keyturn report verify receipt.jws
  $ curl -fsS http://127.0.0.1:7460/.well-known/jwks.json > jwks.json
  $ keyturn report verify receipt.jws --jwks jwks.json --report report.json`,
    )
    .action(async (file: string, options: VerifyOptions) => {
      const { world } = context;
      const receipt = fileText(file).trim();
      const digest =
        options.report === undefined ? null : reportSha256(fileJson(options.report, '--report'));
      const jwks =
        options.jwks === undefined
          ? await clientOf(context, options).send({
              method: 'GET',
              path: '/.well-known/jwks.json',
              answer: JwksSchema,
            })
          : savedJwks(options.jwks);
      const verified = await verifyReceipt(receipt, jwks, world.clock.wallMs());
      const judged = ofReport(verified, digest);
      // A receipt that is not valid may say anything.
      const told = printable(judged) as Verified;
      print(context, options, told, (found) =>
        found.valid
          ? receiptText(found.claims, found.kid, {
              reportFile: options.report ?? null,
              keysFrom: options.jwks === undefined ? 'collector' : 'file',
            })
          : invalidText(found.reason),
      );
      if (!judged.valid) context.exit(EXIT.failed);
    });
}

function ofReport(verified: Verified, digest: string | null): Verified {
  if (!verified.valid || digest === null || verified.claims.report_sha256 === digest) {
    return verified;
  }
  return {
    valid: false,
    reason: `its signature holds, but it is of another report: it names SHA-256 ${verified.claims.report_sha256}, the file has ${digest}`,
  };
}

function savedJwks(file: string): ReceiptJwks {
  const parsed = JwksSchema.safeParse(fileJson(file, '--jwks'));
  if (parsed.success) return parsed.data;
  throw new UsageError(`--jwks: ${file} holds no JWKS: expected {"keys": […]}`);
}

function fileJson(file: string, option: string): unknown {
  const text = fileText(file);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`${option}: ${file} is not JSON`);
  }
}

function fileText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${messageOf(error)}`);
  }
}

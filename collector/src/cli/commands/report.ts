import { type Command, Option } from 'commander';
import { decodeJwt } from 'jose';
import { reportSha256 } from '../../report/report-digest.ts';
import { LocalError, UsageError } from '../cli-errors.ts';
import { clientOf, collectorOption, type CommandContext } from '../command-parts.ts';
import type { ConnectionOptions } from '../connection.ts';
import { namedRotation, rotationPath } from '../find-rotation.ts';
import { plainText } from '@keyturn/shared/shown.ts';
import { writeOutput } from '../write-output.ts';
import { verifyCommand } from './report-verify.ts';

interface ReportOptions extends ConnectionOptions {
  readonly format: 'md' | 'json' | 'jws';
  readonly rotation?: string;
  readonly to?: string;
  readonly receipt?: string;
}

/** How often JSON and receipt are asked for until they fit. */
const TRIES_MAX = 5;

export function reportCommand(program: Command, context: CommandContext): void {
  const report = program
    .command('report')
    .argument('[id]', 'which rotation (default: the one that is open)')
    .description('Why a key was retired: the evidence report of a rotation, or a signed receipt')
    .addOption(collectorOption())
    .option('--rotation <id>', 'the same as the argument')
    .addOption(
      new Option('--format <format>', 'Markdown, JSON, or a signed receipt')
        .choices(['md', 'json', 'jws'])
        .default('md'),
    )
    .option('--to <file>', 'write it there instead of printing it')
    .option('--receipt <file>', 'with --format json: write the receipt of exactly this JSON there')
    .addHelpText(
      'after',
      `
A receipt (jws) carries the SHA-256 of the JSON report, and verifies without the collector when its
JWKS was saved. Keep both together.

Examples:
  $ keyturn report r-20261123-a1b2c3 > report.md
  $ keyturn report r-20261123-a1b2c3 --format json --to report.json --receipt receipt.jws
  $ keyturn report verify receipt.jws --report report.json --jwks jwks.json`,
    )
    .action(async (id: string | undefined, options: ReportOptions) => {
      if (options.receipt !== undefined && options.format !== 'json') {
        throw new UsageError('--receipt means something only with --format json');
      }
      const client = clientOf(context, options);
      const rotation = await namedRotation(client, id, options.rotation);
      const ask = (format: string): Promise<string> =>
        client.text({ path: rotationPath(rotation, '/report'), query: { format } });
      const text =
        options.receipt === undefined
          ? await ask(options.format)
          : await withReceipt(ask, options.receipt);
      if (options.to !== undefined) {
        writeOutput(options.to, ending(text));
        return;
      }
      // A file gets what the collector sent; a terminal gets nothing that could steer it.
      const { out } = context.world;
      out.write(out.isTerminal ? ending(printableLines(text)) : ending(text));
    });
  verifyCommand(report, context);
}

/** The JSON, once a receipt of it is written: of an open rotation both may change between two looks. */
async function withReceipt(
  ask: (format: string) => Promise<string>,
  file: string,
): Promise<string> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const report = await ask('json');
    const receipt = await ask('jws');
    if (namedDigest(receipt) !== reportSha256(JSON.parse(report))) continue;
    writeOutput(file, ending(receipt));
    return report;
  }
  throw new LocalError('the rotation changes faster than it can be told; try again');
}

/** The digest a receipt names, its signature not looked at. */
function namedDigest(receipt: string): unknown {
  const claims: unknown = decodeJwt(receipt);
  return Reflect.get(Object(claims), 'report_sha256');
}

function ending(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => plainText(line, 64 * 1_048_576))
    .join('\n');
}

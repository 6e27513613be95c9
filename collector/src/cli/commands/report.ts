import { type Command, Option } from 'commander';
import { clientOf, collectorOption, type CommandContext } from '../command-parts.ts';
import type { ConnectionOptions } from '../connection.ts';
import { findRotation, rotationPath } from '../find-rotation.ts';
import { plainText } from '@keyturn/shared/shown.ts';
import { writeOutput } from '../write-output.ts';
import { verifyCommand } from './report-verify.ts';

interface ReportOptions extends ConnectionOptions {
  readonly format: 'md' | 'json' | 'jws';
  readonly output?: string;
}

export function reportCommand(program: Command, context: CommandContext): void {
  const report = program
    .command('report')
    .argument('[id]', 'which rotation (default: the one that is open)')
    .description('Why a key was retired: the evidence report of a rotation, or a signed receipt')
    .addOption(collectorOption())
    .addOption(
      new Option('--format <format>', 'Markdown, JSON, or a signed receipt')
        .choices(['md', 'json', 'jws'])
        .default('md'),
    )
    .option('--output <file>', 'write it there instead of printing it')
    .addHelpText(
      'after',
      `
A receipt (jws) carries the SHA-256 of the report, and verifies without the collector when its JWKS
was saved. Keep JSON and receipt together: the receipt is of that JSON.

Examples:
  $ keyturn report r-20261123-a1b2c3 > report.md
  $ keyturn report r-20261123-a1b2c3 --format json --output report.json
  $ keyturn report r-20261123-a1b2c3 --format jws --output receipt.jws
  $ keyturn report verify receipt.jws --report report.json --jwks jwks.json`,
    )
    .action(async (id: string | undefined, options: ReportOptions) => {
      const client = clientOf(context, options);
      const rotation = await findRotation(client, id);
      const text = await client.text({
        path: rotationPath(rotation, '/report'),
        query: { format: options.format },
      });
      if (options.output !== undefined) {
        writeOutput(options.output, ending(text));
        return;
      }
      // A file gets what the collector sent; a terminal gets nothing that could steer it.
      const { out } = context.world;
      out.write(out.isTerminal ? ending(printableLines(text)) : ending(text));
    });
  verifyCommand(report, context);
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

import { writeFileSync } from 'node:fs';
import { messageOf } from '@keyturn/shared/errors.ts';
import { LocalError } from './cli-errors.ts';

/** Writes what a command was asked to put into a file; throws LocalError when it cannot. */
export function writeOutput(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new LocalError(`${file} cannot be written: ${messageOf(error)}`);
  }
}

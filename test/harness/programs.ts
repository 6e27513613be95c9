import { fileURLToPath } from 'node:url';

function inRepository(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Entry files of the programs people start. */
export const PROGRAMS = {
  collector: inRepository('collector/bin/keyturn-collector.js'),
  cli: inRepository('collector/bin/keyturn.js'),
  agent: inRepository('agent/src/main.ts'),
} as const;

/** The repository's root directory. */
export const REPOSITORY = inRepository('.');

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROGRAMS } from '../harness/programs.ts';

/**
 * Makes `directory` one to put first on PATH: `keyturn`, `keyturn-agent` and `keyturn-collector` are
 * the programs of this repository, run by this Node.js, and `scripts` are shell scripts by name.
 */
export async function makeCommandDirectory(
  directory: string,
  scripts: Readonly<Record<string, string>> = {},
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const program = (entry: string): string => `exec '${process.execPath}' '${entry}' "$@"`;
  const all = {
    keyturn: program(PROGRAMS.cli),
    'keyturn-agent': program(PROGRAMS.agent),
    'keyturn-collector': program(PROGRAMS.collector),
    ...scripts,
  };
  for (const [name, script] of Object.entries(all)) {
    await writeFile(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return directory;
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyturn } from '../harness/keyturn-cli.ts';
import { REPOSITORY } from '../harness/programs.ts';
import { teardown } from '../harness/teardown.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { rotateKey } from './rotated.ts';

// Writes docs/report-example.md: the report of a rotation that was really made.

const cleanup = teardown();
try {
  const { collector, rotation } = await rotateKey(cleanup, await tempDirectory(cleanup));
  const { code, stdout, stderr } = await keyturn(collector, 'report', rotation);
  if (code !== 0) throw new Error(stderr);
  await writeFile(join(REPOSITORY, 'docs/report-example.md'), stdout);
} finally {
  for (const failure of await cleanup.run()) process.stderr.write(`not put away: ${failure}\n`);
}

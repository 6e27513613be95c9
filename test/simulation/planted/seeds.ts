// Looks for a seed that catches each planted bug (`seeds.ts [COUNT] [ID…]`), to be remembered in bugs.ts.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PLANTED } from './bugs.ts';

const [count = '300', ...ids] = process.argv.slice(2);
const [plant, hunt] = [join(import.meta.dirname, 'plant.ts'), join(import.meta.dirname, 'hunt.ts')];
for (const { id, seed } of PLANTED) {
  if (ids.length > 0 && !ids.includes(id)) continue;
  const env = { ...process.env, PLANTED_BUG: id };
  const look = (from: number, worlds: string) =>
    spawnSync(process.execPath, ['--import', plant, hunt, String(from), worlds], { env });
  const remembered = look(seed, '1');
  const found = String(remembered.stdout).startsWith('{') ? remembered : look(1, count);
  console.log(
    `${id}\t${seed}\t${String(found.stdout).trim() || String(found.stderr).slice(0, 200)}`,
  );
}

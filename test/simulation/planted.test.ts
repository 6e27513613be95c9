import { execFile } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { PLANTED } from './planted/bugs.ts';
import { worldOf } from './planted/world-of.ts';
import { simulate } from './simulate.ts';

/** Worlds looked at when the remembered seed shows nothing any more. */
const SEARCH = 300;

const PLANT = join(import.meta.dirname, 'planted', 'plant.ts');
const HUNT = join(import.meta.dirname, 'planted', 'hunt.ts');

t.setTimeout(600_000);

interface Caught {
  readonly seed: number;
  readonly rule: string;
  readonly message: string;
}

function hunt(id: string, from: number, count: number): Promise<Caught | null> {
  const args = ['--import', PLANT, HUNT, String(from), String(count)];
  const env = { ...process.env, PLANTED_BUG: id };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env, timeout: 240_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as Caught | null);
      else reject(new Error(`${id}: ${stderr || error.message}`));
    });
  });
}

t.test('every planted bug is caught', { jobs: 2 }, (t) => {
  t.ok(PLANTED.length >= 20, `${PLANTED.length} bugs`);
  t.equal(new Set(PLANTED.map(({ id }) => id)).size, PLANTED.length, 'each with a name of its own');
  for (const { id, seed } of PLANTED) {
    t.test(id, async (t) => {
      const remembered = await hunt(id, seed, 1);
      const caught = remembered ?? (await hunt(id, 1, SEARCH));
      t.ok(caught, `caught by seed ${caught?.seed}: ${caught?.rule}: ${caught?.message}`);
      if (remembered === null && caught !== null) t.comment(`seed to remember: ${caught.seed}`);
    });
  }
  t.end();
});

t.test('the worlds that catch them break no promise without them', async (t) => {
  const done = new Set<string>();
  for (const bug of PLANTED) {
    const { seed, focus, turn } = bug;
    const name = `seed ${seed}${focus === undefined ? '' : ` with ${focus.join(' and ')}`}${turn === undefined ? '' : ` and ${turn}`}`;
    const plan = worldOf(bug, seed);
    if (plan === null) throw new Error(`${name}: its world has no such turn`);
    if (done.has(name)) continue;
    done.add(name);
    t.same((await simulate(plan)).violations, [], name);
  }
});

t.test('a bug whose text is gone fails loudly', async (t) => {
  await t.rejects(hunt('no such bug', 1, 1), /PLANTED_BUG: no bug no such bug/);
});

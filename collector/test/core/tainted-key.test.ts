import t from 'tap';
import type { RotationRecord } from '../../src/core/records.ts';
import { isTainted } from '../../src/core/tainted-key.ts';
import { ISSUER, keyOf, OLD } from '../support/policies.ts';
import { rotating } from '../support/rotating.ts';

const OTHER = keyOf('old', 'another');

interface Row {
  readonly name: string;
  readonly rotation?: Partial<RotationRecord>;
  readonly issuer?: string;
  readonly key: { readonly kid: string; readonly thumbprint: string | null };
  readonly tainted: boolean;
}

const ROWS: readonly Row[] = [
  { name: 'the old key itself', key: OLD, tainted: true },
  { name: 'nobody tainted it', rotation: { tainted: false }, key: OLD, tainted: false },
  { name: 'another kid', key: keyOf('new'), tainted: false },
  { name: 'its kid at another issuer', issuer: 'https://other.test', key: OLD, tainted: false },
  { name: 'another key under its kid', key: OTHER, tainted: false },
  { name: 'a kid of no known thumbprint', key: { kid: 'old', thumbprint: null }, tainted: true },
  {
    name: 'its own thumbprint was never known',
    rotation: { oldThumbprint: null },
    key: OTHER,
    tainted: true,
  },
  {
    name: 'its rotation ended',
    rotation: { outcome: 'completed', endedAtMs: 1 },
    key: OLD,
    tainted: true,
  },
];

for (const row of ROWS) {
  t.test(`tainted: ${row.name}`, (t) => {
    const { world, id } = rotating({ until: 'started' });
    const found = world.state.rotations.get(id);
    if (found === undefined) throw new Error('no rotation');
    const before: RotationRecord = { ...found, id: 'r-0', oldKid: 'older', tainted: true };
    const record: RotationRecord = { ...found, tainted: true, ...row.rotation };
    const rotations = new Map([
      [before.id, before],
      [record.id, record],
    ]);
    const state = { ...world.state, rotations };
    t.equal(isTainted(state, row.issuer ?? ISSUER, row.key), row.tainted);
    t.end();
  });
}

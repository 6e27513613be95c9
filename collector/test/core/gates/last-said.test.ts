import t from 'tap';
import { requiredGroups } from '../../../src/core/gates/dependents.ts';
import { saidOtherwise } from '../../../src/core/gates/last-said.ts';
import type { ServicePolicy } from '../../../src/core/policy.ts';
import { NEW, OLD, serviceOf } from '../../support/policies.ts';
import type { ReportPart } from '../../support/messages.ts';
import { rotating } from '../../support/rotating.ts';

const LACKS: ReportPart = { keys: [OLD] };
const HOLDS: ReportPart = { keys: [OLD, NEW] };
const DROPPED: ReportPart = { keys: [NEW] };

interface Row {
  readonly name: string;
  readonly service?: Partial<ServicePolicy>;
  /** What its one verifier said before it fell silent; by default that it lacks the new key. */
  readonly said?: ReportPart;
  readonly fact?: 'holds_new' | 'rejects_old';
  /** When time promises it, ms after what was said; null: never. */
  readonly boundAfterMs?: number | null;
  /** Words given before and after it fell silent. */
  readonly before?: { readonly instance?: string; readonly validForMs?: number };
  readonly after?: { readonly instance?: string; readonly validForMs?: number };
  readonly isLive?: boolean;
  readonly isReplaced?: boolean;
  readonly found: boolean;
}

const ATTESTED = { evidence: 'attested' } as const;

const ROWS: readonly Row[] = [
  { name: 'no time promises it', boundAfterMs: null, found: true },
  { name: 'time had promised it', boundAfterMs: -1, found: true },
  { name: 'just when time promised it', boundAfterMs: 0, found: true },
  { name: 'before time promised it', boundAfterMs: 1, found: false },
  { name: 'it is not silent', isLive: true, found: false },
  { name: 'one that is judged by what it reports', service: { evidence: 'present' }, found: false },
  { name: 'it said that it holds the new key', said: HOLDS, found: false },
  {
    name: 'another has taken its place',
    service: { instances: 1 },
    isReplaced: true,
    found: false,
  },
  { name: 'it said that it holds the old key', said: HOLDS, fact: 'rejects_old', found: true },
  { name: 'it said that it dropped it', said: DROPPED, fact: 'rejects_old', found: false },
  { name: 'nobody vouches', service: ATTESTED, found: true },
  { name: 'a word of before', service: ATTESTED, before: {}, found: true },
  { name: 'a word since', service: ATTESTED, after: {}, found: false },
  {
    name: 'a word since, and one of before',
    service: ATTESTED,
    before: {},
    after: {},
    found: false,
  },
  {
    name: 'a word for it',
    service: { ...ATTESTED, instances: 1 },
    after: { instance: 'i1' },
    found: false,
  },
  {
    name: 'a word for it of before, and one for another',
    service: { ...ATTESTED, instances: 2 },
    before: { instance: 'i1' },
    after: { instance: 'i2' },
    found: true,
  },
  { name: 'a word that has ended', service: ATTESTED, after: { validForMs: 1_000 }, found: true },
];

for (const row of ROWS) {
  t.test(`last said otherwise: ${row.name}`, (t) => {
    const { fact = 'holds_new', said = LACKS, boundAfterMs = null } = row;
    const part = { evidence: 'timed' as const, instances: null, ...row.service };
    const until = fact === 'rejects_old' ? ('retired' as const) : ('known' as const);
    const { world, id } = rotating({ until, services: [serviceOf('mesh', part)] });
    const vouch = (word: Row['before']): void => {
      if (word === undefined) return;
      const { validForMs = 3_600_000, instance = null } = word;
      const reason = 'somebody looked';
      t.ok(world.attest(id, 'mesh', { fact, instance, validForMs, reason }).ok);
    };
    const verifier = world.join('mesh', 'i1');
    verifier.report(said);
    world.pass(5_000);
    vouch(row.before);
    world.pass(5_000);
    verifier.report(said);
    const saidAtMs = world.atMs;
    if (row.isReplaced === true) world.join('mesh', 'i2').report(HOLDS);
    if (row.after?.validForMs === undefined) vouch(row.after);
    else {
      world.pass(1_000, { silent: ['mesh/i1'] });
      vouch(row.after);
    }
    world.pass(120_000, row.isLive === true ? {} : { silent: ['mesh/i1'] });
    const rotation = world.state.rotations.get(id);
    if (rotation === undefined) throw new Error('no rotation');
    const group = requiredGroups(world.state, rotation).find(
      ({ service }) => service.name === 'mesh',
    );
    if (group === undefined) throw new Error('no group');
    const boundAtMs = boundAfterMs === null ? null : saidAtMs + boundAfterMs;
    const found = saidOtherwise(world.state, group, rotation, fact, boundAtMs, world.now());
    t.same(
      [...found].map(({ record }) => record.id.instance),
      row.found ? ['i1'] : [],
    );
    t.end();
  });
}

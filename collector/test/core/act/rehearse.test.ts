import t from 'tap';
import { rehearsalsOf } from '../../../src/core/rehearsals.ts';
import { REHEARSALS_KEPT_MAX } from '../../../src/core/records.ts';
import { NEW, OLD } from '../../support/policies.ts';
import type { Rotating, RotatingOptions } from '../../support/rotating.ts';
import { rotating } from '../../support/rotating.ts';
import { blockers } from '../../support/world.ts';

const REQUIRED = {
  rollback: { windowMs: 86_400_000, requireRehearsal: true, rehearsalValidForMs: 3_600_000 },
};

interface Row {
  readonly name: string;
  readonly from?: RotatingOptions;
  readonly given?: (rotation: Rotating) => void;
  readonly status: 'passed' | 'failed' | 'unknown';
  /** `check:status`, of what does not pass. */
  readonly blocked?: readonly string[];
}

const ROWS: readonly Row[] = [
  { name: 'everything is as it should be', status: 'passed' },
  { name: 'also before the new key is there', from: { until: 'started' }, status: 'passed' },
  {
    name: 'one verifier is silent',
    given: ({ world }) => world.pass(60_000, { silent: ['orders/b'] }),
    status: 'unknown',
    blocked: ['old_key_held:unknown', 'fleet_heard:unknown'],
  },
  {
    name: 'one holds the old key no more',
    given: ({ b }) => void b.report({ keys: [NEW] }),
    status: 'unknown',
    blocked: ['old_key_held:unknown'],
  },
  {
    name: 'publishing the new key replaced the old one',
    given: ({ world, a, b }) => {
      world.served = [NEW];
      world.pass(30_000);
      for (const verifier of [a, b]) verifier.report({ keys: [NEW] });
    },
    status: 'failed',
    blocked: ['old_key_published:fail', 'old_key_held:fail', 'rollback_window:fail'],
  },
  {
    name: 'the JWKS cannot be read',
    given: ({ world }) => world.sightFailure(),
    status: 'failed',
    blocked: ['jwks_healthy:fail', 'clock_agrees:unknown'],
  },
  {
    name: 'the old key is tainted',
    given: ({ world, id }) => void world.declare(id, 'taint'),
    status: 'failed',
    blocked: ['old_key_trusted:fail'],
  },
  {
    name: 'the old private key is gone',
    given: ({ world, id }) => void world.declare(id, 'destroy_old_key', 'the HSM is dead'),
    status: 'failed',
    blocked: ['rollback_window:fail'],
  },
  {
    name: 'the issuer keeps no private key',
    from: { policy: { rollback: { ...REQUIRED.rollback, windowMs: 0 } } },
    status: 'failed',
    blocked: ['rollback_window:fail'],
  },
  {
    name: 'the collector started a moment ago',
    given: ({ world, a, b }) => {
      world.restart();
      world.sight();
      world.sight();
      for (const verifier of [a, b]) verifier.report();
    },
    status: 'unknown',
    blocked: ['collector_ready:unknown'],
  },
];

for (const row of ROWS) {
  t.test(`rehearsal: ${row.name}`, (t) => {
    const rotation = rotating(row.from);
    row.given?.(rotation);
    const { world, id } = rotation;
    const result = world.rehearse(id);
    t.ok(result.ok, 'a rehearsal that fails is kept like one that passes');
    const record = result.ok ? result.rehearsal : null;
    t.match(record, { rotationId: id, number: 1, by: 'tester', atMs: world.atMs });
    t.equal(record?.status, row.status);
    const blocked = record?.checks.filter(({ status }) => status !== 'pass') ?? [];
    t.same(
      blocked.map((check) => `${check.id}:${check.status}`),
      row.blocked ?? [],
    );
    t.same(world.store.load().rehearsals, [record]);
    t.end();
  });
}

t.test('a rehearsal that is no rehearsal', (t) => {
  const { world, id } = rotating();
  t.match(world.rehearse(id, false), {
    ok: false,
    refusal: { code: 'invalid', field: 'old_key_available', message: /nobody else can know/ },
  });
  t.match(world.rehearse('r-9'), { ok: false, refusal: { code: 'not_found' } });
  const switched = rotating({ until: 'switched' });
  t.match(switched.world.rehearse(switched.id), {
    ok: false,
    refusal: { code: 'conflict', message: /keyturn gate rollback/ },
  });
  world.declare(id, 'abort');
  t.match(world.rehearse(id), { ok: false, refusal: { code: 'conflict' } });
  t.same(world.store.load().rehearsals, []);
  t.end();
});

t.test('rehearsals are bounded, audited, and there after a restart', (t) => {
  const { world, id } = rotating();
  for (let n = 0; n < REHEARSALS_KEPT_MAX + 3; n += 1) world.rehearse(id);
  world.restart();
  const kept = rehearsalsOf(world.state, id).map(({ number }) => number);
  t.equal(kept.length, REHEARSALS_KEPT_MAX);
  t.same([kept[0], kept.at(-1)], [4, REHEARSALS_KEPT_MAX + 3]);
  world.rehearse(id);
  t.equal(rehearsalsOf(world.state, id).at(-1)?.number, REHEARSALS_KEPT_MAX + 4);
  const entries = world.store.audit({ limit: 1_000 }).filter(({ action }) => action === 'rehearse');
  t.equal(entries.length, REHEARSALS_KEPT_MAX + 4);
  t.match(entries[0], { kind: 'act', actor: 'tester', message: /rehearses.*: passed/ });
  t.end();
});

/** Policy asks for a rehearsal; what it takes for `activate` to open, and what shuts it again. */
const VOIDS: readonly [string, (rotation: Rotating) => void, string[]][] = [
  ['nobody rehearsed', () => undefined, ['rehearsed:fail']],
  ['rehearsed', ({ world, id }) => void world.rehearse(id), []],
  [
    'rehearsed, and it failed',
    ({ world, id, b }) => {
      b.report({ keys: [NEW] });
      world.rehearse(id);
      b.report({ keys: [OLD, NEW] });
    },
    ['rehearsed:fail'],
  ],
  [
    'one that failed undoes the one that passed',
    ({ world, id, b }) => {
      world.rehearse(id);
      b.report({ keys: [NEW] });
      world.rehearse(id);
      b.report({ keys: [OLD, NEW] });
    },
    ['rehearsed:fail'],
  ],
  [
    'as good as too long ago',
    ({ world, id }) => {
      world.rehearse(id);
      world.pass(3_600_000);
    },
    [],
  ],
  [
    'too long ago',
    ({ world, id }) => {
      world.rehearse(id);
      world.pass(3_601_000);
    },
    ['rehearsed:fail'],
  ],
  [
    'tainted since',
    ({ world, id }) => {
      world.rehearse(id);
      world.declare(id, 'taint');
    },
    ['rehearsed:fail'],
  ],
  [
    'the old private key was destroyed since',
    ({ world, id }) => {
      world.rehearse(id);
      world.declare(id, 'destroy_old_key', 'it is gone');
    },
    ['rehearsed:fail'],
  ],
  [
    'switched and rolled back since',
    ({ world, id }) => {
      world.rehearse(id);
      world.declare(id, 'activate');
      world.pass(15_000);
      world.declare(id, 'rollback');
      world.pass(15_000);
    },
    ['rehearsed:fail'],
  ],
  [
    'another rotation was rehearsed',
    ({ world }) => {
      const other = world.act({
        type: 'start',
        id: 'r-other',
        by: 'tester',
        issuer: 'https://issuer.test',
        alg: 'ES256',
        oldKid: null,
        newKid: 'other',
        newThumbprint: null,
      });
      if (other.ok) world.rehearse('r-other');
    },
    ['rehearsed:fail'],
  ],
];

for (const [name, given, expected] of VOIDS) {
  t.test(`activate, where policy asks for a rehearsal: ${name}`, (t) => {
    const rotation = rotating({ policy: REQUIRED });
    given(rotation);
    const { world, id } = rotation;
    t.same(blockers(world.gate(id, 'activate')), expected);
    world.restart();
    for (const verifier of [rotation.a, rotation.b]) verifier.report();
    world.pass(60_000);
    if (name !== 'as good as too long ago') {
      t.same(blockers(world.gate(id, 'activate')), expected, 'and after a restart');
    }
    t.end();
  });
}

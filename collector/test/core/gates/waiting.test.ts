import t from 'tap';
import { waitingFor } from '../../../src/core/gates/waiting.ts';
import type { ServicePolicy } from '../../../src/core/policy.ts';
import { ISSUER, issuerOf, NEW, OLD, profileOf, serviceOf } from '../../support/policies.ts';
import type { Rotating, RotatingOptions } from '../../support/rotating.ts';
import { rotating } from '../../support/rotating.ts';

const BOTH = { keys: [OLD, NEW] };
const TIMED = serviceOf('mesh', { evidence: 'timed', instances: null });
const LEDGER = serviceOf('ledger', { evidence: 'attested', instances: 2 });
const APP = serviceOf('app', {
  kind: 'unmanaged',
  evidence: 'timed',
  instances: null,
  population: {
    cohorts: [{ percentile: 99, withinMs: 60_000 }],
    coverPercentile: 99,
    dropsWithRefresh: true,
  },
});
const UNCOVERED = {
  ...APP,
  population: { cohorts: [], coverPercentile: 99, dropsWithRefresh: true },
};

interface Row {
  readonly name: string;
  readonly service: ServicePolicy;
  readonly until?: RotatingOptions['until'];
  readonly given?: (rotation: Rotating) => void;
  readonly waits: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    name: 'evidence: missing',
    service: serviceOf('web', { instances: 2 }),
    waits: ['2 verifiers not heard'],
  },
  {
    name: 'evidence: complete',
    service: serviceOf('web'),
    given: ({ world }) => void world.join('web').report(BOTH),
    waits: [],
  },
  {
    name: 'evidence: one lacks it and one is missing',
    service: serviceOf('web', { instances: 2 }),
    given: ({ world }) => void world.join('web').report({ keys: [OLD] }),
    waits: ['1 verifier without evidence', '1 verifier not heard'],
  },
  { name: 'word: none', service: LEDGER, waits: ['the word of a named person'] },
  {
    name: 'word: given',
    service: LEDGER,
    given: ({ world, id }) => void world.attest(id, 'ledger'),
    waits: [],
  },
  {
    name: 'word: about to end, the sooner of two',
    service: LEDGER,
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { instance: 'x', by: 'ben', validForMs: 90_000 });
      world.attest(id, 'ledger', { instance: 'y', by: 'ana', validForMs: 80_000 });
      world.pass(75_000);
    },
    waits: ['the word of ana again, before 2026-01-01T00:02:50Z'],
  },
  {
    name: 'word: not needed, all show it',
    service: LEDGER,
    given: ({ world }) => {
      for (const instance of ['x', 'y']) world.join('ledger', instance).report(BOTH);
    },
    waits: [],
  },
  {
    name: 'word: contradicted by two',
    service: LEDGER,
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      for (const instance of ['x', 'y']) world.join('ledger', instance).report({ keys: [OLD] });
    },
    waits: ['2 verifiers lacking it'],
  },
  {
    name: 'time: not published',
    service: TIMED,
    until: 'started',
    waits: ['publication of the new key'],
  },
  { name: 'time: too early', service: TIMED, waits: ['time, until 2026-01-01T00:03:30Z'] },
  {
    name: 'time: over',
    service: TIMED,
    given: ({ world }) => world.pass(120_000),
    waits: [],
  },
  {
    name: 'time: contradicted',
    service: TIMED,
    given: ({ world }) => {
      world.join('mesh').report({ keys: [OLD] });
      world.pass(119_000);
    },
    waits: ['time, until 2026-01-01T00:03:30Z', '1 verifier lacking it'],
  },
  {
    name: 'time: without a bound',
    service: { ...TIMED, profile: profileOf({ newKidRefusedS: null }) },
    waits: ['a bound, and none is known'],
  },
  {
    name: 'time: a word instead, that ends',
    service: { ...TIMED, kind: 'managed' },
    given: ({ world, id }) => {
      world.attest(id, 'mesh', { by: 'ana', validForMs: 80_000 });
      world.pass(70_000);
    },
    waits: ['the word of ana again, before 2026-01-01T00:02:50Z'],
  },
  {
    name: 'population: not published',
    service: APP,
    until: 'started',
    waits: ['publication of the new key'],
  },
  { name: 'population: too early', service: APP, waits: ['time, until 2026-01-01T00:03:30Z'] },
  {
    name: 'population: over, and contradicted',
    service: APP,
    given: ({ world }) => {
      world.join('app').report({ keys: [OLD] });
      world.pass(120_000);
    },
    waits: ['1 verifier lacking it'],
  },
  { name: 'population: not covered', service: UNCOVERED, waits: ['a bound, and none is known'] },
];

for (const row of ROWS) {
  t.test(`what is waited for: ${row.name}`, (t) => {
    const until = row.until ?? 'known';
    const rotation = rotating({ services: [row.service], until });
    row.given?.(rotation);
    const { world, id } = rotation;
    const group = world.state.fleet.groups.get(ISSUER)?.get(row.service.name);
    const record = world.state.rotations.get(id);
    if (group === undefined || record === undefined) throw new Error('no group');
    t.same(waitingFor(world.state, group, record, issuerOf(), world.now()), row.waits);
    t.end();
  });
}

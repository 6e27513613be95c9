import t from 'tap';
import { expiresSoon } from '../../../src/core/gates/attested.ts';
import type { Situation } from '../../support/rotating.ts';
import { gateTable } from '../../support/rotating.ts';
import { NEW, OLD, profileOf, serviceOf } from '../../support/policies.ts';

const OF = ['attested'];
const BOTH = { keys: [OLD, NEW] };
const DAY_MS = 86_400_000;
const one = (name: string, part: Parameters<typeof serviceOf>[1] = {}) =>
  serviceOf(name, { evidence: 'attested', instances: null, ...part });
const LEDGER = one('ledger');
const PAIR = one('ledger', { instances: 2 });
const RANGE = one('ledger', { instances: 1, instancesMax: 2 });
const STATIC = one('appliance', { kind: 'static', profile: profileOf({ staticKeys: true }) });
const BAKED = one('image', {
  profile: profileOf({ staticKeys: true }),
  shippingIntervalMs: 7_200_000,
});
const MANAGED = one('my gateway', { kind: 'managed' });

const SITUATIONS: readonly Situation[] = [
  {
    name: 'nobody has vouched for any of them',
    from: { services: [LEDGER, STATIC, BAKED, MANAGED] },
    given: () => undefined,
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 4 services nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
        '  appliance unattested since 00:01:00Z: its keys are configured, not fetched',
        '  image unattested since 00:01:00Z: its keys are configured, not fetched; the next shipment is due by 02:01:30Z',
        '  my gateway unattested since 00:01:00Z: nothing bounds how long it keeps keys',
      ],
    },
  },
  {
    name: 'the first that is missing has a name for a shell',
    from: { services: [MANAGED] },
    given: () => undefined,
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest \'my gateway\' --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  my gateway unattested since 00:01:00Z: nothing bounds how long it keeps keys',
      ],
    },
  },
  {
    name: 'all are vouched for, by four people',
    from: { services: [LEDGER, STATIC, BAKED, MANAGED] },
    given: ({ world, id }) => {
      for (const [at, service] of ['my gateway', 'image', 'ledger', 'appliance'].entries()) {
        world.attest(id, service, { by: `person ${at}`, validForMs: (at + 2) * DAY_MS });
        world.pass(1_000);
      }
    },
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass policy attested: 4 services vouched for: person 0 for my gateway, expires at 2026-01-03T00:01:30Z; person 1 for image, expires at 2026-01-04T00:01:31Z; person 2 for ledger, expires at 2026-01-05T00:01:32Z; 1 more, later',
        '  my gateway attested since 00:01:30Z: by person 0 until 2026-01-03T00:01:30Z: deployed with it',
        '  image attested since 00:01:31Z: by person 1 until 2026-01-04T00:01:31Z: deployed with it',
        '  ledger attested since 00:01:32Z: by person 2 until 2026-01-05T00:01:32Z: deployed with it',
        '  appliance attested since 00:01:33Z: by person 3 until 2026-01-06T00:01:33Z: deployed with it',
      ],
    },
  },
  {
    name: 'three people are all named',
    from: { services: [LEDGER, STATIC, BAKED] },
    given: ({ world, id }) => {
      for (const service of ['image', 'ledger', 'appliance'])
        world.attest(id, service, { validForMs: 2 * DAY_MS });
    },
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass policy attested: 3 services vouched for: tester for ledger, expires at 2026-01-03T00:01:30Z; tester for appliance, expires at 2026-01-03T00:01:30Z; tester for image, expires at 2026-01-03T00:01:30Z',
        '  ledger attested since 00:01:30Z: by tester until 2026-01-03T00:01:30Z: deployed with it',
        '  appliance attested since 00:01:30Z: by tester until 2026-01-03T00:01:30Z: deployed with it',
        '  image attested since 00:01:30Z: by tester until 2026-01-03T00:01:30Z: deployed with it',
      ],
    },
  },
  {
    name: 'a word is about to end',
    from: { services: [LEDGER, STATIC] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { validForMs: 80_000 });
      world.attest(id, 'appliance', { validForMs: DAY_MS });
      world.pass(60_000);
    },
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass policy attested: 2 services vouched for: tester for ledger, expires at 00:02:50Z; tester for appliance, expires at 2026-01-02T00:01:30Z; the gate closes then unless somebody vouches again | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger attested since 00:01:30Z: by tester until 00:02:50Z: deployed with it',
        '  appliance attested since 00:01:30Z: by tester until 2026-01-02T00:01:30Z: deployed with it',
      ],
    },
  },
  {
    name: 'a word has ended to the second',
    from: { services: [LEDGER] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { validForMs: 80_000 });
      world.pass(80_000);
    },
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
      ],
    },
  },
  {
    name: 'each declared instance has a word of its own',
    from: { services: [PAIR] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { instance: 'x', validForMs: 3_600_000 });
      world.attest(id, 'ledger', { instance: 'x', validForMs: 7_200_000, by: 'ana' });
      world.attest(id, 'ledger', { instance: 'y', validForMs: 3_600_000 });
    },
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass policy attested: 1 service vouched for: tester for ledger, expires at 01:01:30Z; ana for ledger, expires at 02:01:30Z',
        '  ledger/y attested since 00:01:30Z: by tester until 01:01:30Z: deployed with it',
        '  ledger/x attested since 00:01:30Z: by ana until 02:01:30Z: deployed with it',
      ],
    },
  },
  {
    name: 'of two declared instances one has a word',
    from: { services: [PAIR] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { instance: 'x' });
      world.attest(id, 'ledger', { instance: 'x' });
    },
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
      ],
    },
  },
  {
    name: 'one that reports has no word among those that do',
    from: { services: [PAIR] },
    given: ({ world, id }) => {
      for (const instance of ['x', 'y']) world.attest(id, 'ledger', { instance });
      world.join('ledger', 'z').report(BOTH);
    },
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
      ],
    },
  },
  {
    name: 'those that report are those that have a word',
    from: { services: [PAIR] },
    given: ({ world, id }) => {
      for (const instance of ['x', 'y']) world.attest(id, 'ledger', { instance });
      world.join('ledger', 'y').report(BOTH);
    },
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass policy attested: 1 service vouched for: tester for ledger, expires at 01:01:30Z; tester for ledger, expires at 01:01:30Z',
        '  ledger/x attested since 00:01:30Z: by tester until 01:01:30Z: deployed with it',
        '  ledger/y attested since 00:01:30Z: by tester until 01:01:30Z: deployed with it',
      ],
    },
  },
  {
    name: 'how many there are is not declared, so no word of one covers all',
    from: { services: [LEDGER] },
    given: ({ world, id }) => {
      for (const instance of ['x', 'y', 'z']) world.attest(id, 'ledger', { instance });
    },
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
      ],
    },
  },
  {
    name: 'of a range the upper end counts',
    from: { services: [RANGE] },
    given: ({ world, id }) => void world.attest(id, 'ledger', { instance: 'x' }),
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
      ],
    },
  },
  {
    name: 'of a range all have a word',
    from: { services: [RANGE] },
    given: ({ world, id }) => {
      for (const instance of ['x', 'y']) world.attest(id, 'ledger', { instance });
    },
    status: 'open',
  },
  {
    name: 'a word for the whole covers whoever reports',
    from: { services: [PAIR] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { instance: 'x' });
      world.attest(id, 'ledger');
      world.join('ledger', 'z').report(BOTH);
    },
    status: 'open',
    reads: {
      of: OF,
      lines: [
        'pass policy attested: 1 service vouched for: tester for ledger, expires at 01:01:30Z',
        '  ledger attested since 00:01:30Z: by tester until 01:01:30Z: deployed with it',
      ],
    },
  },
  {
    name: 'full evidence does for holding the new key',
    from: { services: [PAIR] },
    given: ({ world }) => {
      for (const instance of ['x', 'y']) world.join('ledger', instance).report(BOTH);
    },
    status: 'open',
    reads: {
      of: OF,
      lines: ['pass policy attested: every instance of 1 service shows it, so nobody has to vouch'],
    },
  },
  {
    name: 'one by evidence, one by a word, and one by a word before its time',
    from: {
      services: [
        PAIR,
        STATIC,
        serviceOf('gateway', { kind: 'managed', evidence: 'timed', instances: null }),
      ],
    },
    given: ({ world, id }) => {
      for (const instance of ['x', 'y']) world.join('ledger', instance).report(BOTH);
      for (const service of ['appliance', 'gateway']) world.attest(id, service);
    },
    status: 'open',
    reads: {
      of: ['attested', 'time_elapsed'],
      lines: [
        'pass policy attested: 2 services vouched for: tester for appliance, expires at 01:01:30Z; tester for gateway, expires at 01:01:30Z; every instance of 1 service shows it, so nobody has to vouch',
        '  appliance attested since 00:01:30Z: by tester until 01:01:30Z: deployed with it',
        '  gateway attested since 00:01:30Z: by tester until 01:01:30Z: deployed with it',
        'pass time time_elapsed: no service is judged by time alone',
      ],
    },
  },
  {
    name: 'a word given before the publication',
    from: { until: 'started', services: [LEDGER, BAKED] },
    given: ({ world, id }) => {
      for (const service of ['ledger', 'image']) world.attest(id, service);
      world.served = [OLD, NEW];
      world.pass(30_000);
    },
    status: 'closed',
    blocked: ['new_key_known:fail', 'attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch; the word of tester is older than the publication of the new key',
      ],
    },
  },
  {
    name: 'a word given at the moment of publication',
    from: { services: [LEDGER] },
    given: ({ world, id }) => void world.attest(id, 'ledger'),
    status: 'open',
  },
  {
    name: 'a word about another rotation, and about another fact',
    from: { services: [LEDGER] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      world.attest(id, 'ledger', { fact: 'rejects_old' });
      world.declare(id, 'abort');
      world.start();
    },
    asks: 'r-4',
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:30Z | help: keyturn attest ledger --rotation r-4 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:30Z: its settings ask for a named person to vouch',
      ],
    },
  },
  {
    name: 'a word from before the signer went back',
    from: { services: [LEDGER] },
    given: ({ world, id, a, b }) => {
      world.attest(id, 'ledger');
      world.pass(1_000);
      world.declare(id, 'activate', 'now');
      world.pass(1_000);
      world.declare(id, 'rollback', 'it failed');
      for (const verifier of [a, b]) verifier.report(BOTH);
    },
    status: 'closed',
    blocked: ['new_key_known:fail', 'attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
      ],
    },
  },
  {
    name: 'an optional service needs no word',
    from: { services: [one('extras', { required: false })] },
    given: () => undefined,
    status: 'open',
    reads: { of: OF, lines: ['pass policy attested: no service depends on attestation'] },
  },
  {
    name: 'a static service of a kind that fetches needs no word after the publication',
    from: { until: 'started', services: [one('box', { kind: 'static' }), LEDGER] },
    given: ({ world, id }) => {
      world.attest(id, 'box');
      world.served = [OLD, NEW];
      world.pass(30_000);
    },
    status: 'closed',
    blocked: ['new_key_known:fail', 'attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
      ],
    },
  },
  {
    name: 'a static service of a kind that fetches, without a word',
    from: { services: [one('box', { kind: 'static' })] },
    given: () => undefined,
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest box --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  box unattested since 00:01:00Z: its keys are configured, not fetched',
      ],
    },
  },
  {
    name: 'a word given at the moment the signer went back',
    from: { services: [LEDGER] },
    given: ({ world, id, a, b }) => {
      world.declare(id, 'activate', 'now');
      world.attest(id, 'ledger');
      world.declare(id, 'rollback', 'it failed');
      world.pass(1_000);
      for (const verifier of [a, b]) verifier.report(BOTH);
    },
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
      ],
    },
  },
  {
    name: 'a word for a service that left the settings',
    from: { services: [LEDGER] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger');
      const services = new Map([...world.policy.services].filter(([name]) => name !== 'ledger'));
      world.restart({ policy: { ...world.policy, services } });
      world.pass(60_000);
    },
    status: 'open',
    reads: { of: OF, lines: ['pass policy attested: no service depends on attestation'] },
  },
  {
    name: 'outdated words of others are not held against one',
    from: { until: 'started', services: [LEDGER, one('other')] },
    given: ({ world, id }) => {
      world.attest(id, 'other', { by: 'ben' });
      world.attest(id, 'ledger', { fact: 'rejects_old', by: 'cyd' });
      world.served = [OLD, NEW];
      world.pass(30_000);
    },
    status: 'closed',
    blocked: ['new_key_known:fail', 'attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 2 services nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact holds_new --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
        '  other unattested since 00:01:00Z: its settings ask for a named person to vouch; the word of ben is older than the publication of the new key',
      ],
    },
  },
];

gateTable(t, 'activate', SITUATIONS);

gateTable(t, 'purge', [
  {
    name: 'nobody vouches that the old key is rejected, whatever is known of the new one',
    from: { until: 'retired', services: [PAIR, BAKED] },
    given: ({ world, id }) => {
      for (const instance of ['x', 'y']) world.join('ledger', instance).report({ keys: [NEW] });
      world.attest(id, 'image', { fact: 'rejects_old' });
    },
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact rejects_old --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
      ],
    },
  },
  {
    name: 'nobody vouches, and the next shipment is known',
    from: { until: 'retired', services: [BAKED] },
    given: () => undefined,
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest image --rotation r-1 --fact rejects_old --reason "how you know" --valid-for 1d',
        '  image unattested since 00:01:00Z: its keys are configured, not fetched; the next shipment is due by 02:02:00Z',
      ],
    },
  },
  {
    name: 'a word given before the withdrawal',
    from: { until: 'switched', services: [LEDGER] },
    given: ({ world, id, a, b }) => {
      world.attest(id, 'ledger', { fact: 'rejects_old', by: 'ana' });
      world.served = [NEW];
      world.pass(30_000);
      for (const verifier of [a, b]) verifier.report({ keys: [NEW] });
    },
    status: 'closed',
    blocked: ['attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact rejects_old --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch; the word of ana is older than the withdrawal of the old key',
      ],
    },
  },
  {
    name: 'before the withdrawal no shipment is due',
    from: { until: 'switched', services: [BAKED] },
    given: () => undefined,
    status: 'closed',
    blocked: [
      'old_key_withdrawn:fail',
      'old_key_dropped:fail',
      'drop_time_elapsed:unknown',
      'attested:fail',
    ],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest image --rotation r-1 --fact rejects_old --reason "how you know" --valid-for 1d',
        '  image unattested since 00:01:00Z: its keys are configured, not fetched',
      ],
    },
  },
  {
    name: 'a word that the old key is rejected does not outlive a rollback',
    from: { until: 'retired', services: [LEDGER] },
    given: ({ world, id }) => {
      world.attest(id, 'ledger', { fact: 'rejects_old' });
      world.pass(1_000);
      world.declare(id, 'rollback', 'it failed');
    },
    status: 'closed',
    blocked: ['signer_switched:fail', 'attested:fail'],
    reads: {
      of: OF,
      lines: [
        'fail policy attested: 1 service nobody has vouched for | since 00:01:00Z | help: keyturn attest ledger --rotation r-1 --fact rejects_old --reason "how you know" --valid-for 1d',
        '  ledger unattested since 00:01:00Z: its settings ask for a named person to vouch',
      ],
    },
  },
]);

t.test('a word is about to end in its last day, or in the last quarter of a short life', (t) => {
  const soon = (lifeMs: number, leftMs: number): boolean => {
    const attested = {
      id: 'att-1',
      rotationId: 'r-1',
      service: 'ledger',
      instance: null,
      fact: 'holds_new' as const,
      by: 'ana',
      reason: 'looked',
      atMs: 1_000,
      expiresAtMs: 1_000 + lifeMs,
    };
    const atMs = attested.expiresAtMs - leftMs;
    return expiresSoon(attested, { atMs, earliestMs: atMs });
  };
  t.equal(soon(10 * DAY_MS, DAY_MS), true);
  t.equal(soon(10 * DAY_MS, DAY_MS + 1), false);
  t.equal(soon(DAY_MS, DAY_MS / 4), true);
  t.equal(soon(DAY_MS, DAY_MS / 4 + 1), false);
  t.end();
});

import t from 'tap';
import { alertIdentity } from '../../src/core/alerts/alert.ts';
import { containmentOf } from '../../src/core/containment.ts';
import { alert as ALERT } from '../store/samples.ts';
import { LEDGER, MOBILE } from '../support/acts.ts';
import { ISSUER, NEW, OLD, profileOf, serviceOf } from '../support/policies.ts';
import type { Rotating, RotatingOptions } from '../support/rotating.ts';
import { rotating } from '../support/rotating.ts';
import { holding, NEW_SECRET, secretRotating } from '../support/secret-rotating.ts';
import { blockers, checkOf } from '../support/world.ts';

const BOTH = { keys: [OLD, NEW] };

function containment({ world, id }: Pick<Rotating, 'world' | 'id'>) {
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  return containmentOf(world.state, rotation, world.now());
}

/** `service contained/total: count state, …` of every required service. */
function told(rotation: Pick<Rotating, 'world' | 'id'>): string[] {
  return containment(rotation).services.map(
    ({ service, contained, total, pending }) =>
      `${service} ${contained}/${total}${pending.map(({ state, count }) => `, ${count} ${state}`).join('')}`,
  );
}

interface Case {
  readonly name: string;
  readonly from?: RotatingOptions;
  readonly given: (rotation: Rotating) => void;
  readonly told: readonly string[];
}

/** Shows nothing of what it dropped, and has no bound. */
const FOREVER = serviceOf('edge', {
  profile: profileOf({ removedKeyAcceptedS: null, cachesVerifiedTokens: true }),
});
const MESH = serviceOf('mesh', {
  evidence: 'timed',
  instances: 2,
  profile: profileOf({ removedKeyAcceptedS: 300 }),
});
/** As many as there may be. */
const CROWD = serviceOf('crowd', { ...MESH, name: 'crowd', instances: null });

const CASES: readonly Case[] = [
  { name: 'both dropped it', given: () => undefined, told: ['orders 2/2'] },
  {
    name: 'while it is served nobody has dropped it for good',
    from: { until: 'switched' },
    given: ({ b }) => void b.report({ keys: [NEW] }),
    told: ['orders 0/2, 2 not_withdrawn'],
  },
  {
    name: 'who fell silent is not missing as well',
    given: ({ world }) => world.pass(120_000, { silent: ['orders/b'] }),
    told: ['orders 1/2, 1 unheard'],
  },
  {
    name: 'who came back and has said nothing is not missing as well',
    given: ({ world, b }) => {
      b.goodbye();
      world.join('orders', 'b');
    },
    told: ['orders 1/2, 1 unheard'],
  },
  {
    name: 'who never came is missing',
    given: ({ b }) => b.goodbye(),
    told: ['orders 1/2, 1 unheard'],
  },
  {
    name: 'a silent cache of a live instance stands for no missing one',
    given: ({ world, b }) => {
      world.join('orders', 'a', { cache: 'second' }).report({ keys: [NEW] });
      b.goodbye();
      world.pass(120_000, { silent: ['orders/a/second'] });
    },
    told: ['orders 1/3, 2 unheard'],
  },
  {
    name: 'who is replaced is not counted',
    given: ({ world }) => {
      world.join('orders', 'c').report({ keys: [NEW] });
      world.pass(120_000, { silent: ['orders/b'] });
    },
    told: ['orders 2/2'],
  },
  {
    name: 'two processes under one name are one that is not heard',
    given: ({ world, b }) => {
      world.join('orders', 'b').report({ keys: [NEW] });
      b.report({ keys: [NEW] });
    },
    told: ['orders 1/2, 1 unheard'],
  },
  {
    name: 'of two processes the one that reports still holds it',
    given: ({ world, b }) => {
      world.join('orders', 'b').report(BOTH);
      b.report({ keys: [NEW] });
    },
    told: ['orders 1/2, 1 holds_old'],
  },
  {
    name: 'a cache of secrets beside it is no dependent of a public key',
    given: ({ world }) => {
      world.join('orders', 'a', { cache: 'hmac', cacheKind: 'secret' }).report({ keys: [] });
    },
    told: ['orders 2/2'],
  },
  {
    name: 'an instance that tells of secrets alone is not heard',
    given: ({ world, b }) => {
      b.goodbye();
      world.join('orders', 'b', { cacheKind: 'secret' }).report({ keys: [] });
    },
    told: ['orders 1/2, 1 unheard'],
  },
  {
    name: 'without a bound, until somebody vouches; who holds it outweighs the word',
    from: { until: 'retired', services: [FOREVER] },
    given: ({ world, id, a }) => {
      world.join('edge', 'i1').report({ keys: [NEW] });
      world.attest(id, 'edge', { fact: 'rejects_old', reason: 'restarted' });
      a.report(BOTH);
    },
    told: ['orders 1/2, 1 holds_old', 'edge 1/1'],
  },
  {
    name: 'a word does not make a silent one heard',
    from: { until: 'retired', services: [FOREVER] },
    given: ({ world, id }) => {
      world.join('edge', 'i1').report({ keys: [NEW] });
      world.attest(id, 'edge', { fact: 'rejects_old', reason: 'restarted' });
      world.pass(120_000, { silent: ['edge/i1'] });
    },
    told: ['orders 2/2', 'edge 0/1, 1 unheard'],
  },
  {
    name: 'nobody vouches for who cannot report; one of them reports, and holds it',
    from: { until: 'retired', services: [LEDGER] },
    given: ({ world }) => void world.join('ledger', 'i1').report(BOTH),
    told: ['orders 2/2', 'ledger 0/1, 1 holds_old'],
  },
  {
    name: 'nobody vouches for who cannot report',
    from: { until: 'retired', services: [LEDGER] },
    given: () => undefined,
    told: ['orders 2/2', 'ledger 0/1, 1 unvouched'],
  },
  {
    name: 'judged by time: one instance of two reports',
    from: { until: 'retired', services: [MESH] },
    given: ({ world }) => void world.join('mesh', 'i1').report({ keys: [NEW] }),
    told: ['orders 2/2', 'mesh 1/2, 1 waiting'],
  },
  {
    name: 'judged by time, and it has passed',
    from: { until: 'retired', services: [MESH] },
    given: ({ world }) => world.pass(300_000),
    told: ['orders 2/2', 'mesh 2/2'],
  },
  {
    name: 'judged by time: who fell silent shows nothing any more, and its time is waited for',
    from: { until: 'retired', services: [MESH] },
    given: ({ world }) => {
      for (const name of ['i1', 'i2']) world.join('mesh', name).report({ keys: [NEW] });
      world.pass(120_000, { silent: ['mesh/i2'] });
    },
    told: ['orders 2/2', 'mesh 1/2, 1 waiting'],
  },
  {
    name: 'judged by time, of an unknown number: one of them dropped it, others may be there',
    from: { until: 'retired', services: [CROWD] },
    given: ({ world }) => void world.join('crowd', 'i1').report({ keys: [NEW] }),
    told: ['orders 2/2', 'crowd 1/2, 1 waiting'],
  },
  {
    name: 'judged by time, of an unknown number: one of them shows nothing',
    from: { until: 'retired', services: [CROWD] },
    given: ({ world }) => void world.join('crowd', 'i1'),
    told: ['orders 2/2', 'crowd 0/1, 1 waiting'],
  },
  {
    name: 'judged by time, of an unknown number: none is heard',
    from: { until: 'retired', services: [CROWD] },
    given: () => undefined,
    told: ['orders 2/2', 'crowd 0/1, 1 waiting'],
  },
  {
    name: 'a population is there beside the one that reports for it',
    from: { until: 'retired', services: [MOBILE] },
    given: ({ world }) => void world.join('mobile-app', 'i1').report({ keys: [NEW] }),
    told: ['orders 2/2', 'mobile-app 1/2, 1 waiting'],
  },
  {
    name: 'nobody vouches for one that reports, whatever it says',
    from: { until: 'retired', services: [LEDGER] },
    given: ({ world }) => void world.join('ledger', 'i1').report({ keys: [NEW] }),
    told: ['orders 2/2', 'ledger 0/1, 1 unvouched'],
  },
];

for (const { name, from, given, told: expected } of CASES) {
  t.test(`containment: ${name}`, (t) => {
    const rotation = rotating({ until: 'retired', ...from });
    given(rotation);
    t.same(told(rotation), expected);
    t.end();
  });
}

t.test('containment of a secret: no JWKS is waited for', (t) => {
  const rotation = secretRotating({ until: 'switched' });
  rotation.b.report(holding([NEW_SECRET]));
  t.same(told(rotation), ['orders 1/2, 1 holds_old']);
  t.end();
});

t.test('a replaced cache of secrets does not hide one that may accept the old key', (t) => {
  const edge = serviceOf('edge', { ...FOREVER, name: 'edge', instances: 1 });
  const rotation = rotating({ until: 'retired', services: [edge] });
  const { world, id } = rotation;
  world.join('edge', 'i1').report({ keys: [NEW] });
  world.join('edge', 'i0', { cacheKind: 'secret' }).report({ keys: [] });
  world.pass(120_000, { silent: ['edge/i0'] });
  t.same(blockers(world.gate(id, 'purge')), ['drop_time_elapsed:unknown']);
  t.same(told(rotation), ['orders 2/2', 'edge 0/1, 1 unbounded']);
  t.end();
});

t.test('what caches between may keep is waited for, as the gate does', (t) => {
  const rotation = rotating({ until: 'switched', services: [MESH] });
  const { world, id, a, b } = rotation;
  world.answered = { maxAgeS: 3_600 };
  world.pass(30_000);
  world.served = [NEW];
  world.pass(30_000);
  for (const verifier of [a, b]) verifier.report({ ...verifier.said, keys: [NEW] });
  const found = containment(rotation);
  const mesh = found.services.find(({ service }) => service === 'mesh');
  const gate = checkOf(world.gate(id, 'purge'), 'drop_time_elapsed');
  t.ok((gate.clearsAtMs ?? 0) > world.atMs + 3_600_000, 'the copies outlive the profile');
  t.match(mesh?.pending, [{ state: 'waiting', count: 2, untilMs: gate.clearsAtMs }]);
  t.end();
});

t.test('a JWKS that cannot be read hides how far it is; it changes nothing', (t) => {
  const rotation = rotating({ until: 'retired' });
  rotation.world.sightFailure();
  t.match(containment(rotation), { percent: 99, status: 'unknown', contained: 2, total: 2 });
  rotation.b.report(BOTH);
  t.match(containment(rotation), { percent: 50, status: 'not_contained' });
  t.end();
});

t.test('a rotation that ended otherwise than by gate purge shows nothing', (t) => {
  const aborted = rotating({ until: 'retired' });
  aborted.b.report(BOTH);
  aborted.world.declare(aborted.id, 'abort', 'somebody else goes on');
  t.match(containment(aborted), {
    percent: 0,
    status: 'unknown',
    total: 0,
    reasons: [{ id: 'rotation_open' }],
  });

  const forced = rotating({ until: 'retired' });
  forced.b.report(BOTH);
  t.ok(forced.world.declare(forced.id, 'complete', 'the page said so').ok);
  t.match(containment(forced), { percent: 0, status: 'unknown' });

  const waived = rotating({ until: 'retired' });
  waived.b.report(BOTH);
  t.ok(waived.world.waive(waived.id, 'purge', 'old_key_dropped').ok);
  t.match(containment(waived), { percent: 50, status: 'not_contained' }, 'a waiver counts nobody');
  t.ok(waived.world.declare(waived.id, 'complete').ok);
  t.match(containment(waived), { percent: 0, status: 'unknown' });

  const whole = rotating({ until: 'retired' });
  t.ok(whole.world.waive(whole.id, 'purge', 'old_key_dropped', 60_000).ok);
  whole.world.pass(120_000);
  t.ok(whole.world.declare(whole.id, 'complete').ok);
  whole.world.restart();
  t.match(containment(whole), { percent: 100, status: 'contained', reasons: [] }, 'it had lapsed');
  t.end();
});

t.test('after a rollback the old key signs: nobody completes, whoever rejects it', (t) => {
  const rotation = rotating({ until: 'switched' });
  const { world, id, a, b } = rotation;
  t.ok(world.declare(id, 'rollback', 'new tokens fail').ok);
  world.served = [NEW];
  world.pass(30_000);
  for (const verifier of [a, b]) verifier.report({ ...verifier.said, keys: [NEW] });
  const purge = world.gate(id, 'purge');
  t.equal(purge.status, 'closed');
  t.same(blockers(purge), ['signer_switched:fail']);
  t.match(checkOf(purge, 'signer_switched').help, /rotation activate/);
  t.match(world.declare(id, 'complete'), { ok: false, refusal: { code: 'gate_not_open' } });
  t.match(
    containment(rotation),
    {
      percent: 100,
      status: 'contained',
      total: 2,
      contained: 2,
      reasons: [{ id: 'signer_switched' }],
    },
    'everybody rejects it all the same',
  );
  t.ok(world.declare(id, 'activate', 'nothing else is left').ok);
  t.equal(world.gate(id, 'purge').status, 'open');
  t.end();
});

t.test('a rotation completed under waivers that are none of its purge was contained', (t) => {
  const completed = (given: (rotation: Rotating) => void) => {
    const rotation = rotating({ until: 'retired' });
    given(rotation);
    t.ok(rotation.world.declare(rotation.id, 'complete').ok);
    return containment(rotation).percent;
  };
  t.equal(
    completed(() => undefined),
    100,
  );
  const waive = (gate: 'retire' | 'purge', check: string) =>
    completed(({ world, id }) => t.ok(world.waive(id, gate, check).ok));
  t.equal(waive('retire', 'old_key_unused'), 100, 'of another gate');
  t.equal(waive('purge', 'signer_switched'), 100, 'of what people do');
  t.equal(waive('purge', 'old_key_dropped'), 0);
  const another = ({ world, id }: Rotating) => {
    t.ok(world.waive(id, 'purge', 'old_key_dropped').ok);
    const [[key, waiver] = []] = world.state.waivers;
    if (key === undefined || waiver === undefined) throw new Error('no waiver');
    world.state.waivers.set(key, { ...waiver, rotationId: 'r-0' });
  };
  t.equal(completed(another), 100, 'of another rotation');
  t.end();
});

t.test('an alert shuts purge, and what everybody rejects is contained all the same', (t) => {
  const rotation = rotating({ until: 'retired' });
  const { world, id } = rotation;
  t.match(containment(rotation), { percent: 100, status: 'contained' });
  const about = { issuer: ISSUER, rotation: id };
  world.state.alerts.set(alertIdentity('VerificationFailures', about), {
    ...ALERT,
    name: 'VerificationFailures',
    labels: about,
  });
  t.same(blockers(world.gate(id, 'purge')), ['no_alert:fail']);
  const reasons = [{ id: 'no_alert' }];
  t.match(containment(rotation), { percent: 100, status: 'contained', reasons });
  t.end();
});

import t from 'tap';
import { judgedAt } from '../../../src/core/gates/health.ts';
import type { Situation } from '../../support/rotating.ts';
import { gateTable, rotating } from '../../support/rotating.ts';
import { ISSUER, issuerOf, keyOf, NEW, OLD, VANTAGE } from '../../support/policies.ts';
import { checkOf } from '../../support/world.ts';

const ALL = [
  'collector_ready',
  'store_writable',
  'fleet_within_bounds',
  'jwks_healthy',
  'clock_agrees',
  'one_rotation',
];
const SECOND = 'https://eu.issuer.test/jwks';
const HOUR_MS = 3_600_000;

const issuer = (part: Parameters<typeof issuerOf>[0]) => ({
  policy: { issuers: new Map([[ISSUER, issuerOf(part)]]) },
});

const SITUATIONS: readonly Situation[] = [
  {
    name: 'all is well',
    given: () => undefined,
    status: 'open',
    reads: {
      of: ALL,
      lines: [
        'pass health collector_ready: the collector has heard the fleet since it started',
        'pass health store_writable: the store takes writes',
        'pass health fleet_within_bounds: no verifier was turned away',
        'pass health jwks_healthy: the JWKS is readable at 1 vantage',
        'pass health clock_agrees: the clocks of collector and issuer agree',
        'pass policy one_rotation: no other rotation is open for this issuer and alg',
      ],
    },
  },
  {
    name: 'the collector has just started',
    given: ({ world }) => {
      world.restart();
      world.pass(30_000);
    },
    status: 'unknown',
    blocked: ['collector_ready:unknown'],
    reads: {
      lines: [
        'unknown health collector_ready: the collector started a moment ago and waits one lease to hear the fleet | since 00:01:35Z | clears 00:02:22Z',
      ],
    },
  },
  {
    name: 'the store refuses writes',
    given: ({ world }) => void world.take({ type: 'store_health', failing: true }),
    status: 'unknown',
    blocked: ['store_writable:unknown'],
    reads: {
      lines: [
        'unknown health store_writable: the store refuses writes, so nothing can be relied on | since 00:01:30Z | help: keyturn doctor',
      ],
    },
  },
  {
    name: 'the store takes writes again',
    given: ({ world }) => {
      world.take({ type: 'store_health', failing: true });
      world.take({ type: 'store_health', failing: false });
    },
    status: 'open',
  },
  {
    name: 'the fleet is at its bound',
    from: { policy: { verifiersMax: 2 } },
    given: () => undefined,
    status: 'unknown',
    blocked: ['fleet_within_bounds:unknown'],
    reads: {
      lines: [
        'unknown health fleet_within_bounds: the fleet is at its bound of 2 verifiers; further ones are not seen | help: raise policy.max_verifiers in the collector settings',
      ],
    },
  },
  {
    name: 'one was turned away before others left',
    from: { policy: { verifiersMax: 3 } },
    given: ({ world }) => {
      const extra = world.join('orders', 'c');
      t.throws(() => world.join('orders', 'd'), /bound of 3/);
      const refusedAtMs = world.atMs;
      world.pass(10_000);
      extra.goodbye();
      world.act({
        type: 'remove_verifier',
        by: 'tester',
        service: 'orders',
        instance: 'c',
        cache: null,
        reason: 'gone',
      });
      return refusedAtMs + HOUR_MS;
    },
    status: 'unknown',
    blocked: ['fleet_within_bounds:unknown'],
    reads: {
      lines: [
        'unknown health fleet_within_bounds: verifiers were turned away (1 time), so the fleet is not fully seen | since 00:01:30Z | clears 01:01:30Z | help: keyturn doctor',
      ],
    },
  },
  {
    name: 'no address to read the JWKS from is left',
    given: ({ world }) => {
      const issuers = new Map([[ISSUER, issuerOf({ vantages: [] })]]);
      world.restart({ policy: { ...world.policy, issuers } });
      world.pass(60_000, { unwatched: true });
    },
    status: 'unknown',
    blocked: ['jwks_healthy:unknown', 'clock_agrees:unknown'],
    reads: {
      of: ['jwks_healthy', 'clock_agrees'],
      lines: [
        'unknown health jwks_healthy: no address is configured to read the JWKS from | help: set issuers[].jwks_uri in the collector settings',
        "unknown health clock_agrees: nothing confirms the collector's clock: no vantage that can be read says what time it is (`Date` header) | help: let an address of the issuer send a Date header (RFC 9110, 6.6.1)",
      ],
    },
  },
  {
    name: 'an address has not been read yet',
    from: issuer({ vantages: [VANTAGE, SECOND] }),
    given: () => undefined,
    status: 'closed',
    blocked: [
      'jwks_healthy:unknown',
      'new_key_published:fail',
      'old_key_published:fail',
      'new_key_known:fail',
    ],
    reads: {
      of: ['jwks_healthy'],
      lines: [
        'unknown health jwks_healthy: JWKS at https://eu.issuer.test/jwks has not been read yet',
      ],
    },
  },
  {
    name: 'an address cannot be read',
    given: ({ world }) => {
      world.pass(5_000);
      world.sightFailure('expected status 200, got 503');
      world.pass(3_000, { unwatched: true });
      world.sightFailure('expected status 200, got 500');
    },
    status: 'closed',
    blocked: ['jwks_healthy:fail', 'clock_agrees:unknown'],
    reads: {
      lines: [
        'fail health jwks_healthy: JWKS at https://issuer.test/jwks cannot be used: expected status 200, got 500 | since 00:01:35Z | help: curl -fsS https://issuer.test/jwks',
        "unknown health clock_agrees: nothing confirms the collector's clock: no vantage that can be read says what time it is (`Date` header) | help: let an address of the issuer send a Date header (RFC 9110, 6.6.1)",
      ],
    },
  },
  {
    name: 'an address was last read four intervals ago',
    given: ({ world }) => world.pass(60_000, { unwatched: true }),
    status: 'open',
  },
  {
    name: 'an address was last read longer ago than that',
    given: ({ world }) => world.pass(61_000, { unwatched: true }),
    status: 'unknown',
    blocked: ['jwks_healthy:unknown'],
    reads: {
      lines: [
        'unknown health jwks_healthy: JWKS at https://issuer.test/jwks was last read at 00:01:30Z | since 00:01:30Z',
      ],
    },
  },
  {
    name: 'a watch interval of a second is not held against a reading of five',
    from: issuer({ watchIntervalMs: 1_000 }),
    given: ({ world }) => world.pass(5_000, { unwatched: true }),
    status: 'open',
  },
  {
    name: 'nor for a second longer',
    from: issuer({ watchIntervalMs: 1_000 }),
    given: ({ world }) => world.pass(6_000, { unwatched: true }),
    status: 'unknown',
    blocked: ['jwks_healthy:unknown'],
  },
  {
    name: 'the clocks are as far apart as is borne',
    given: ({ world }) => {
      world.issuerOffMs = 300_000;
      world.sight();
    },
    status: 'open',
  },
  {
    name: 'the issuer is ahead by more than is borne',
    given: ({ world }) => {
      world.issuerOffMs = 301_000;
      world.sight();
    },
    status: 'unknown',
    blocked: ['clock_agrees:unknown'],
    reads: {
      lines: [
        "unknown health clock_agrees: the collector's clock and https://issuer.test/jwks are -301 s apart, so time proves nothing | help: set the clocks of the collector and the issuer (NTP), then restart the collector",
      ],
    },
  },
  {
    name: 'the issuer is behind by more than is borne',
    given: ({ world }) => {
      world.issuerOffMs = -301_000;
      world.sight();
    },
    status: 'unknown',
    blocked: ['clock_agrees:unknown'],
    reads: {
      lines: [
        "unknown health clock_agrees: the collector's clock and https://issuer.test/jwks are 301 s apart, so time proves nothing | help: set the clocks of the collector and the issuer (NTP), then restart the collector",
      ],
    },
  },
  {
    name: 'a skew that was declared larger is borne',
    from: issuer({ skewMs: 600_000 }),
    given: ({ world }) => {
      world.issuerOffMs = 600_000;
      world.sight();
    },
    status: 'open',
  },
  {
    name: 'an answer of a cache is as old as it says',
    given: ({ world }) => {
      world.issuerOffMs = -400_000;
      world.sight(world.served, VANTAGE, { ageS: 400 });
    },
    status: 'open',
  },
  {
    name: 'nobody says what time it is',
    given: ({ world }) => {
      world.dated = false;
      world.sight();
    },
    status: 'unknown',
    blocked: ['clock_agrees:unknown'],
    reads: {
      lines: [
        "unknown health clock_agrees: nothing confirms the collector's clock: no vantage that can be read says what time it is (`Date` header) | help: let an address of the issuer send a Date header (RFC 9110, 6.6.1)",
      ],
    },
  },
  {
    name: 'one of two addresses says what time it is',
    from: issuer({ vantages: [VANTAGE, SECOND] }),
    given: ({ world }) => {
      world.dated = false;
      for (let i = 0; i < 2; i++) world.sight([OLD, NEW], SECOND);
      world.dated = true;
      world.sight();
    },
    status: 'open',
    reads: {
      of: ['jwks_healthy', 'clock_agrees'],
      lines: [
        'pass health jwks_healthy: the JWKS is readable at 2 vantages',
        'pass health clock_agrees: the clocks of collector and issuer agree',
      ],
    },
  },
  {
    name: 'one of two addresses has another time',
    from: issuer({ vantages: [VANTAGE, SECOND] }),
    given: ({ world }) => {
      for (let i = 0; i < 2; i++) world.sight([OLD, NEW], SECOND);
      world.issuerOffMs = 900_000;
      world.sight([OLD, NEW], SECOND);
    },
    status: 'unknown',
    blocked: ['clock_agrees:unknown'],
    reads: {
      of: ['clock_agrees'],
      lines: [
        "unknown health clock_agrees: the collector's clock and https://eu.issuer.test/jwks are -900 s apart, so time proves nothing | help: set the clocks of the collector and the issuer (NTP), then restart the collector",
      ],
    },
  },
  {
    name: 'the issuer left the settings',
    given: ({ world }) => {
      world.restart({ policy: { ...world.policy, issuers: new Map() } });
      world.pass(60_000);
    },
    status: 'unknown',
    blocked: ['issuer_configured:unknown'],
    reads: {
      lines: [
        'unknown health issuer_configured: issuer https://issuer.test is not configured any more | help: add the issuer to the collector settings again',
      ],
    },
  },
  {
    name: 'a lease after the start, to the second',
    given: ({ world }) => {
      world.restart();
      const { holdDownUntilMs } = world.state.health;
      world.pass(holdDownUntilMs - world.atMs);
    },
    status: 'open',
    reads: {
      of: ['collector_ready'],
      lines: ['pass health collector_ready: the collector has heard the fleet since it started'],
    },
  },
];

gateTable(t, 'activate', SITUATIONS);

t.test('a verifier that was turned away is remembered for an hour', (t) => {
  const { world, id } = rotating({ policy: { verifiersMax: 3 } });
  const within = () => checkOf(world.gate(id, 'activate'), 'fleet_within_bounds');
  world.join('orders', 'c').report({ keys: [OLD, NEW] });
  t.throws(() => world.join('orders', 'd'));
  world.restart({ policy: { ...world.policy, verifiersMax: 9 } });
  t.match(within(), { status: 'pass', message: 'no verifier was turned away' });
  t.end();
});

t.test('the hour runs from the last time', (t) => {
  const { world, id } = rotating({ policy: { verifiersMax: 3 } });
  const within = () => checkOf(world.gate(id, 'activate'), 'fleet_within_bounds');
  const extra = world.join('orders', 'c');
  extra.report({ keys: [OLD, NEW] });
  t.throws(() => world.join('orders', 'd'));
  world.policy = { ...world.policy, verifiersMax: 9 };
  world.state = { ...world.state, policy: world.policy };
  t.match(within(), {
    status: 'unknown',
    message: 'verifiers were turned away (1 time), so the fleet is not fully seen',
    sinceMs: world.atMs,
    clearsAtMs: world.atMs + HOUR_MS,
    help: 'keyturn doctor',
  });
  world.pass(HOUR_MS);
  t.equal(within().status, 'unknown');
  world.pass(1_000);
  t.equal(within().status, 'pass');
  t.end();
});

t.test('one rotation at a time: of the same issuer and algorithm, while it is open', (t) => {
  const { world, id } = rotating();
  const only = () => checkOf(world.gate(id, 'activate'), 'one_rotation');
  const own = world.state.rotations.get(id);
  if (own === undefined) throw new Error('no rotation');
  const other = {
    ...own,
    id: 'r-9',
    startedAtMs: own.startedAtMs + 5_000,
    oldKid: 'x',
    newKid: 'y',
  };
  const keep = (part: Partial<typeof other>) => {
    world.state.rotations.set('r-9', { ...other, ...part });
    return only();
  };
  t.match(keep({}), {
    status: 'fail',
    class: 'policy',
    message: 'rotation r-9 is open for the same issuer and alg',
    sinceMs: other.startedAtMs,
    help: 'keyturn rotation abort r-9',
  });
  t.equal(keep({ issuer: 'https://other.test' }).status, 'pass');
  t.equal(keep({ alg: 'ES256', oldAlg: 'ES256' }).status, 'pass');
  t.equal(keep({ alg: 'ES256', oldAlg: 'RS256' }).status, 'fail');
  t.match(keep({ outcome: 'aborted', endedAtMs: 1 }), {
    status: 'pass',
    message: 'no other rotation is open for this issuer and alg',
  });
  t.end();
});

t.test('time rules are held back by how far the issuer is behind', (t) => {
  const { world } = rotating();
  const behind = (offMs: number, skewMs: number, wallOffMs = 0) => {
    world.issuerOffMs = -offMs;
    world.sight();
    const now = { atMs: world.atMs, earliestMs: world.atMs + wallOffMs };
    const judged = judgedAt(world.state.issuers.get(ISSUER), issuerOf({ skewMs }), now);
    t.equal(judged.atMs, now.atMs);
    return judged.earliestMs - now.atMs;
  };
  t.equal(behind(0, 0), 0);
  t.equal(behind(2_000, 0), 0, 'the precision of a Date header');
  t.equal(behind(3_000, 0), -3_000);
  t.equal(behind(10_000, 10_000), 0, 'the skew that is allowed for');
  t.equal(behind(11_000, 10_000), -11_000, 'all of it');
  t.equal(behind(-60_000, 0), 0, 'an issuer that is ahead holds nothing back');
  t.equal(behind(11_000, 10_000, -20_000), -20_000, 'nor does it bring anything forward');
  world.dated = false;
  t.equal(behind(60_000, 0), 0);
  world.dated = true;
  world.sightFailure();
  const now = world.now();
  t.same(judgedAt(world.state.issuers.get(ISSUER), issuerOf(), now), now);
  t.same(judgedAt(undefined, issuerOf(), now), now);
  t.end();
});

t.test('more keys than are followed leave the JWKS in doubt', (t) => {
  const { world, id } = rotating();
  const healthy = () => checkOf(world.gate(id, 'activate'), 'jwks_healthy');
  const known = world.state.issuers.get(ISSUER)?.keys;
  const [record] = known?.values() ?? [];
  if (known === undefined || record === undefined) throw new Error('no keys');
  const fill = (upTo: number): void => {
    for (let i = known.size; i < upTo; i++) known.set(`k${i}`, { ...record, key: keyOf(`k${i}`) });
  };
  const droppedKeyAtMs = world.atMs - 5_000;
  fill(10_000);
  t.equal(healthy().status, 'pass', 'nothing was dropped');
  world.state.health.droppedKeyAtMs = droppedKeyAtMs;
  t.match(healthy(), {
    status: 'unknown',
    message: 'the issuer has published more than 10000 keys, so new ones are not seen',
    sinceMs: droppedKeyAtMs,
  });
  known.delete('k9999');
  t.equal(healthy().status, 'pass', 'there is room again');
  t.end();
});

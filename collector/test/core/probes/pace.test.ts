import t from 'tap';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import {
  isProbeDue,
  probeApartMs,
  probeLostAtMs,
  probeValidMs,
  probeWindow,
} from '../../../src/core/probes/pace.ts';
import { findVerifier } from '../../../src/core/fleet.ts';
import type { RotationRecord } from '../../../src/core/records.ts';
import type { Now } from '../../../src/core/state.ts';
import {
  ISSUER,
  issuerOf,
  NEW,
  OLD,
  profileOf,
  serviceOf,
  VANTAGE,
} from '../../support/policies.ts';
import { CANARY, ProbingWorld } from '../../support/probing.ts';

const A = { service: 'orders', instance: 'a', cache: 'jwks' };

function published(): ProbingWorld {
  const world = new ProbingWorld();
  world.publish();
  return world;
}

function rotationOf(world: ProbingWorld): RotationRecord {
  const rotation = world.state.rotations.get(world.rotationId);
  if (rotation === undefined) throw new Error('no rotation');
  return rotation;
}

function verifierOf(world: ProbingWorld) {
  const verifier = findVerifier(world.state.fleet, A);
  if (verifier === undefined) throw new Error('no verifier');
  return verifier;
}

function shutBy(world: ProbingWorld, now: Now = world.now()): string {
  const window = probeWindow(world.state, rotationOf(world), now);
  return window.open ? 'open' : window.reason;
}

{
  const both = (world: ProbingWorld, keys: readonly (typeof OLD)[]) => {
    world.sight(keys);
    world.sight(keys);
  };
  const rows: readonly (readonly [string, (world: ProbingWorld) => void, RegExp])[] = [
    ['all is well', () => undefined, /^open$/],
    [
      'nobody configured the issuer',
      (world) => {
        world.state = { ...world.state, policy: { ...world.policy, issuers: new Map() } };
      },
      /^the issuer is not configured$/,
    ],
    [
      'the issuer has no state',
      (world) => void world.state.issuers.delete(ISSUER),
      /^the issuer is not configured$/,
    ],
    [
      'no canaries wanted',
      (world) => {
        const issuers = new Map([[ISSUER, issuerOf()]]);
        world.state = { ...world.state, policy: { ...world.policy, issuers } };
      },
      /^issuers\[\]\.canary is not set for this issuer$/,
    ],
    [
      'ended',
      (world) => void world.declare(world.rotationId, 'abort', 'table'),
      /^the rotation has ended$/,
    ],
    ['just started', (world) => world.restart(), /^the collector started a moment ago$/],
    [
      'no store',
      (world) => void world.take({ type: 'store_health', failing: true }),
      /^the store refuses writes$/,
    ],
    [
      'not published',
      (world) => both(world, [OLD]),
      /^the new key is not published at every vantage$/,
    ],
    [
      'the old one gone',
      (world) => both(world, [NEW]),
      /^the old key is not published at every vantage any more$/,
    ],
    [
      'the old one was never seen',
      (world) => {
        const { id } = rotationOf(world);
        world.state.rotations.set(id, { ...rotationOf(world), oldThumbprint: null });
      },
      /^the old key is not published at every vantage any more$/,
    ],
    [
      'the fetch failed',
      (world) => world.sightFailure(),
      /^the JWKS at https:\/\/issuer\.test\/jwks cannot be read now$/,
    ],
    [
      'nothing read for long',
      (world) => {
        world.atMs += 600_000;
      },
      /./,
    ],
  ];
  for (const [what, change, reason] of rows) {
    void t.test(`why the window is shut: ${what}`, (t) => {
      const world = published();
      change(world);
      t.match(shutBy(world), reason);
      if (what !== 'all is well') t.not(shutBy(world), 'open');
      t.end();
    });
  }
}

t.test('a key that one vantage has stopped serving is not asked about', (t) => {
  const served = (keys: readonly (typeof OLD)[]) => {
    const world = published();
    const runs = world.state.issuers.get(ISSUER)?.vantages.get(VANTAGE)?.heldRuns;
    runs?.clear();
    for (const key of keys) runs?.set(`${key.kid} ${key.thumbprint}`, 1);
    return shutBy(world);
  };
  t.equal(served([OLD, NEW]), 'open');
  t.equal(served([OLD]), 'a vantage does not serve both keys now');
  t.equal(served([NEW]), 'a vantage does not serve both keys now');
  t.end();
});

t.test('the window opens as the hold-down ends', (t) => {
  const world = published();
  const endMs = world.atMs;
  world.state.health.holdDownUntilMs = endMs;
  t.equal(shutBy(world, { atMs: endMs, earliestMs: endMs }), 'open');
  t.not(shutBy(world, { atMs: endMs - 1, earliestMs: endMs - 1 }), 'open');
  t.end();
});

t.test('how far two probes are apart, and for how long one counts', (t) => {
  const rows: [string, Partial<ProfileFacts>, number, number][] = [
    ['no cooldown', {}, 60_000, 900_000],
    ['one that is shorter', { cooldownS: 5 }, 60_000, 900_000],
    ['one that is longer', { cooldownS: 400 }, 400_000, 900_000],
    ['so long that two would not fit', { cooldownS: 500 }, 500_000, 1_000_000],
    [
      'refetches, how often nobody knows',
      { refetchesOnUnknownKid: true, cooldownS: null },
      1_800_000,
      3_600_000,
    ],
    ['nobody knows what it is', { id: '' }, 1_800_000, 3_600_000],
    ['nobody knows what it is, but its cooldown', { id: '', cooldownS: 5 }, 60_000, 900_000],
  ];
  const world = published();
  const verifier = verifierOf(world);
  for (const [what, facts, apartMs, validMs] of rows) {
    const services = new Map([['orders', serviceOf('orders', { profile: profileOf(facts) })]]);
    const state = { ...world.state, policy: { ...world.policy, services } };
    t.equal(probeApartMs(CANARY, profileOf(facts)), apartMs, what);
    t.equal(probeValidMs(state, CANARY, verifier), validMs, what);
  }
  t.equal(probeLostAtMs(1_000), 71_000);
  t.end();
});

t.test('whose turn it is', (t) => {
  type Change = (verifier: ReturnType<typeof verifierOf>, nowMs: number) => void;
  const order = (sentAtMs: number) => ({
    id: 'p',
    rotationId: 'r',
    session: 's',
    epoch: 1,
    sentAtMs,
  });
  const rows: readonly (readonly [string, Change, boolean])[] = [
    ['never asked', () => undefined, true],
    ['silent', (verifier) => void (verifier.liveness = 'silent'), false],
    ['one of two', (verifier, nowMs) => void (verifier.contestedUntilMs = nowMs + 1), false],
    ['not any more', (verifier, nowMs) => void (verifier.contestedUntilMs = nowMs), true],
    ['takes no tokens of this issuer', (verifier) => void (verifier.groups = []), false],
    [
      'takes those of another as well',
      (verifier) => {
        const [group] = verifier.groups;
        if (group !== undefined) verifier.groups = [{ ...group, issuer: 'x' }, group];
      },
      true,
    ],
    [
      'asked and not answered',
      (verifier, nowMs) => void (verifier.probe = order(nowMs - 69_999)),
      false,
    ],
    ['never answered', (verifier, nowMs) => void (verifier.probe = order(nowMs - 70_000)), true],
    ['asked lately', (verifier, nowMs) => void (verifier.probedAtMs = nowMs - 59_999), false],
    ['long enough ago', (verifier, nowMs) => void (verifier.probedAtMs = nowMs - 60_000), true],
    [
      'says nothing of its keys',
      (verifier) => void (verifier.record = { ...verifier.record, keySets: [] }),
      true,
    ],
    [
      'its fetches of another issuer fail',
      (verifier) => {
        const sets = verifier.record.keySets;
        const failing = sets.map((set) => ({ ...set, issuer: 'x', consecutiveFailures: 1 }));
        verifier.record = { ...verifier.record, keySets: [...failing, ...sets] };
      },
      true,
    ],
    [
      'its fetches fail',
      (verifier) => {
        const sets = verifier.record.keySets;
        const failing = sets.map((set) => ({ ...set, consecutiveFailures: 1 }));
        verifier.record = { ...verifier.record, keySets: failing };
      },
      false,
    ],
  ];
  const world = published();
  for (const [what, change, due] of rows) {
    const verifier = { ...verifierOf(world) };
    change(verifier, world.atMs);
    t.equal(isProbeDue(world.state, verifier, rotationOf(world), CANARY, world.now()), due, what);
  }
  t.end();
});

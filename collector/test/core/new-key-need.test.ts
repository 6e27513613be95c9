import t from 'tap';
import { mayBeNeeded, newKeyNeed } from '../../src/core/new-key-need.ts';
import type { IssuerPolicy } from '../../src/core/policy.ts';
import type { RotationRecord, UsageRecord } from '../../src/core/records.ts';
import { usageKey } from '../../src/core/state.ts';
import { ISSUER, issuerOf, policyOf } from '../support/policies.ts';
import { World } from '../support/world.ts';

const T0 = 1_800_000_000_000;
const T0_S = T0 / 1_000;
const MARGIN = 10_000 + 60_000;

function needOf(
  rotation: Partial<RotationRecord>,
  usage?: Partial<UsageRecord>,
  policy: Partial<IssuerPolicy> | null = {},
) {
  const issuers = new Map(policy === null ? [] : [[ISSUER, issuerOf(policy)]]);
  const world = new World(policyOf([], { issuers, retireSafetyMs: 60_000 }));
  const record = {
    id: 'r',
    issuer: ISSUER,
    newKid: 'new',
    switchedAtMs: null,
    rolledBackAtMs: null,
    ...rotation,
  } as RotationRecord;
  if (usage !== undefined) {
    world.state.usage.set(usageKey(ISSUER, 'new'), {
      issuer: ISSUER,
      kid: 'new',
      firstAcceptedAtMs: T0,
      lastAcceptedAtMs: T0,
      highestIatS: null,
      highestExpS: null,
      longestLifetimeS: null,
      acceptedWithoutExp: 0,
      acceptedWithoutIat: 0,
      ...usage,
    });
  }
  return { world, record, need: newKeyNeed(world.state, record) };
}

t.test('how long a new key that does not sign must stay', (t) => {
  const until = (atMs: number) => ({ kind: 'until', atMs });
  const unknown = { kind: 'unknown', why: 'nobody can say how long its tokens live' };
  const rows: [string, Parameters<typeof needOf>, object][] = [
    ['the signer uses it', [{ switchedAtMs: T0 }], { kind: 'signs' }],
    ['it never signed', [{}], { kind: 'no' }],
    ['rolled back', [{ rolledBackAtMs: T0 }], until(T0 + 600_000 + MARGIN)],
    [
      'rolled back, an iat before',
      [{ rolledBackAtMs: T0 }, { highestIatS: T0_S - 60 }],
      until(T0 + 600_000 + MARGIN),
    ],
    [
      'rolled back, an iat since',
      [{ rolledBackAtMs: T0 }, { highestIatS: T0_S + 60 }],
      until(T0 + 660_000 + MARGIN),
    ],
    ['tried out', [{}, { highestIatS: T0_S - 60 }], until(T0 + 540_000 + MARGIN)],
    ['tried out, no iat', [{}, { lastAcceptedAtMs: T0 + 5 }], until(T0 + 600_005 + MARGIN)],
    [
      'an exp beyond all that',
      [{}, { highestIatS: T0_S, highestExpS: T0_S + 9_000 }],
      until(T0 + 9_000_000 + MARGIN),
    ],
    [
      'an exp within it',
      [{}, { highestIatS: T0_S, highestExpS: T0_S + 300 }],
      until(T0 + 600_000 + MARGIN),
    ],
    [
      'a token without expiry',
      [{}, { acceptedWithoutExp: 1 }],
      { kind: 'unknown', why: 'a token of it without expiry was accepted' },
    ],
    [
      'no lifetime known',
      [{ rolledBackAtMs: T0 }, undefined, { maxTokenLifetimeMs: null }],
      unknown,
    ],
    [
      'a lifetime seen',
      [{ rolledBackAtMs: T0 }, { longestLifetimeS: 60 }, { maxTokenLifetimeMs: null }],
      until(T0 + 60_000 + MARGIN),
    ],
    [
      'a lifetime seen, and tokens that tell none',
      [
        { rolledBackAtMs: T0 },
        { longestLifetimeS: 60, acceptedWithoutIat: 1 },
        { maxTokenLifetimeMs: null },
      ],
      unknown,
    ],
    ['an issuer nobody configured', [{ rolledBackAtMs: T0 }, undefined, null], unknown],
  ];
  for (const [name, args, expected] of rows) t.same(needOf(...args).need, expected, name);
  t.end();
});

t.test('whether tokens of it may live now', (t) => {
  const { world, record, need } = needOf({ rolledBackAtMs: T0 });
  world.sight();
  if (need.kind !== 'until') throw new Error('no end');
  const at = (ms: number, earliestMs = ms) =>
    mayBeNeeded(world.state, record, need, { atMs: ms, earliestMs });
  t.equal(at(need.atMs - 1), true);
  t.equal(at(need.atMs), false);
  t.equal(at(need.atMs, need.atMs - 1), true, 'by a clock that was set back');
  const now = { atMs: need.atMs, earliestMs: need.atMs };
  for (const [kind, expected] of [
    ['no', false],
    ['signs', true],
  ] as const) {
    t.equal(mayBeNeeded(world.state, record, { kind }, now), expected, kind);
  }
  t.equal(mayBeNeeded(world.state, record, { kind: 'unknown', why: 'x' }, now), true);
  const gone = needOf({}, undefined, null);
  t.equal(mayBeNeeded(gone.world.state, record, need, now), true, 'nobody configured it');
  t.end();
});

t.test('a clock that nothing has confirmed since the collector started ends no wait', (t) => {
  const { world, record, need } = needOf({ rolledBackAtMs: T0 }, undefined, { vantages: [] });
  if (need.kind !== 'until') throw new Error('no end');
  const now = { atMs: need.atMs, earliestMs: need.atMs };
  const { startedAtMs } = world.state.health;
  t.equal(mayBeNeeded(world.state, record, need, now), true, 'no token was accepted');
  const told = (usage: Partial<UsageRecord>) => {
    world.state.rotations.set(record.id, { ...record, oldKid: 'old' });
    world.state.usage.set(usageKey(ISSUER, 'old'), {
      issuer: ISSUER,
      kid: 'old',
      firstAcceptedAtMs: T0,
      lastAcceptedAtMs: startedAtMs,
      highestIatS: startedAtMs / 1_000,
      highestExpS: null,
      longestLifetimeS: null,
      acceptedWithoutExp: 0,
      acceptedWithoutIat: 0,
      ...usage,
    });
    return mayBeNeeded(world.state, record, need, now);
  };
  t.equal(told({}), false, 'one accepted as it was signed');
  t.equal(told({ lastAcceptedAtMs: startedAtMs - 1 }), true, 'accepted before the start');
  t.equal(
    told({ highestIatS: startedAtMs / 1_000 - 3_600 }),
    true,
    'the issuer may be an hour behind',
  );
  t.equal(told({ highestIatS: null }), true, 'it does not say when it was signed');
  t.equal(told({ acceptedWithoutIat: 1 }), true, 'some do not');
  t.end();
});

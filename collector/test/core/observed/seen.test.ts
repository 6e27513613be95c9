import t from 'tap';
import { predecessorOf } from '../../../src/core/observed/predecessor.ts';
import { ALONE_MS, noteFirstUse } from '../../../src/core/observed/standby.ts';
import { firstUseMs } from '../../../src/core/observed/use.ts';
import type { KeyRecord, RotationRecord, UsageRecord } from '../../../src/core/records.ts';
import { restoreKey } from '../../../src/core/issuers.ts';
import { keyIdentity, usageKey } from '../../../src/core/state.ts';
import type { Write } from '../../../src/core/writes.ts';
import { ISSUER, keyOf, policyOf } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

const T0 = 1_800_000_000_000;
const T0_S = T0 / 1_000;

function keyRecord(
  kid: string,
  part: Partial<KeyRecord> & { readonly alg?: string } = {},
): KeyRecord {
  const { alg = 'RS256', ...rest } = part;
  return {
    issuer: ISSUER,
    key: { ...keyOf(kid), alg },
    firstSeenAtMs: T0,
    publishedAtMs: T0,
    withdrawnAtMs: null,
    tombstone: null,
    declaredLifetimeMs: null,
    unclaimed: false,
    ...rest,
  };
}

function usageOf(kid: string, part: Partial<UsageRecord> = {}): UsageRecord {
  return {
    issuer: ISSUER,
    kid,
    firstAcceptedAtMs: T0,
    lastAcceptedAtMs: T0,
    highestIatS: null,
    highestExpS: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    ...part,
  };
}

/** An issuer with these keys, tokens and rotations. */
function begin(
  keys: readonly KeyRecord[],
  usage: readonly UsageRecord[] = [],
  rotations: readonly Partial<RotationRecord>[] = [],
) {
  const { state } = new World(policyOf([]));
  const issuer = state.issuers.get(ISSUER);
  if (issuer === undefined) throw new Error('no issuer');
  for (const record of keys) restoreKey(issuer, record);
  for (const record of usage) state.usage.set(usageKey(record.issuer, record.kid), record);
  for (const [at, part] of rotations.entries()) {
    const id = `r-${at}`;
    state.rotations.set(id, { id, issuer: ISSUER, endedAtMs: null, ...part } as RotationRecord);
  }
  return { state, issuer };
}

t.test('when a kid was first used, or used again', (t) => {
  const used = (part: Partial<UsageRecord> = {}) =>
    usageOf('new', { firstAcceptedAtMs: T0, lastAcceptedAtMs: T0 + 9_000, ...part });
  const ended = (part: Partial<RotationRecord>) => ({ newKid: 'new', endedAtMs: T0, ...part });
  const rows: [string, UsageRecord[], Partial<RotationRecord>[], number | null][] = [
    ['never', [], [], null],
    ['used', [used()], [], T0],
    ['under a rotation that is open', [used()], [ended({ endedAtMs: null })], T0],
    ['since the one before ended', [used()], [ended({})], T0 + 9_000],
    ['as that one ended', [used()], [ended({ endedAtMs: T0 + 9_000 })], null],
    ['signed before it ended', [used({ highestIatS: T0_S - 1 })], [ended({})], null],
    ['signed as it ended', [used({ highestIatS: T0_S })], [ended({})], T0 + 9_000],
    ['the last of several', [used()], [ended({ endedAtMs: T0 + 9_001 }), ended({})], null],
    ['a rotation of another kid', [used()], [ended({ newKid: 'x', endedAtMs: T0 + 9_001 })], T0],
    ['of another issuer', [used()], [ended({ issuer: 'x', endedAtMs: T0 + 9_001 })], T0],
  ];
  for (const [name, usage, rotations, expected] of rows) {
    const { state } = begin([], usage, rotations);
    t.equal(firstUseMs(state, ISSUER, 'new'), expected, name);
  }
  t.end();
});

t.test('which key a new one is to replace', (t) => {
  const next = keyRecord('new', { firstSeenAtMs: T0 + 1_000 });
  const rows: [string, KeyRecord[], UsageRecord[], string | undefined, KeyRecord?][] = [
    ['the only one', [keyRecord('a')], [], 'a'],
    ['nothing but itself', [keyRecord('new')], [], undefined],
    [
      'a secret is none',
      [{ ...keyRecord('s'), key: { kid: 's', thumbprint: '', alg: 'HS256' } }],
      [],
      undefined,
    ],
    [
      'the longest served',
      [keyRecord('a', { firstSeenAtMs: 9 }), keyRecord('b', { firstSeenAtMs: 5 })],
      [],
      'b',
    ],
    [
      'who signed last',
      [keyRecord('a'), keyRecord('b')],
      [usageOf('a', { highestIatS: 5 }), usageOf('b', { highestIatS: 6 })],
      'b',
    ],
    [
      'signed at once: who was accepted last',
      [keyRecord('a'), keyRecord('b')],
      [
        usageOf('a', { highestIatS: 5 }),
        usageOf('b', { highestIatS: 5, lastAcceptedAtMs: T0 + 1 }),
      ],
      'b',
    ],
    [
      'its algorithm before all that',
      [keyRecord('a', { alg: 'ES256' }), keyRecord('b')],
      [usageOf('a', { highestIatS: 5 })],
      'b',
    ],
    [
      'one that names no algorithm before another one',
      [keyRecord('a', { alg: 'ES256', firstSeenAtMs: 1 }), keyRecord('b', { alg: '' })],
      [],
      'b',
    ],
    [
      'a new key that names none fits any',
      [keyRecord('a', { alg: 'ES256', firstSeenAtMs: 1 }), keyRecord('b')],
      [],
      'a',
      { ...next, key: { ...next.key, alg: '' } },
    ],
    ['any other algorithm', [keyRecord('a', { alg: 'ES256' })], [], 'a'],
    [
      'served until the new one came',
      [
        keyRecord('a', { withdrawnAtMs: T0 + 1_000, firstSeenAtMs: 1 }),
        keyRecord('b', { withdrawnAtMs: T0 + 2_000 }),
        keyRecord('c', { withdrawnAtMs: T0 + 999, firstSeenAtMs: 0 }),
      ],
      [],
      'a',
    ],
    ['one that is to come as well is none', [keyRecord('a', { unclaimed: true })], [], undefined],
    ['unless it is used', [keyRecord('a', { unclaimed: true })], [usageOf('a')], 'a'],
    [
      'none left: the one withdrawn last',
      [
        keyRecord('a', { withdrawnAtMs: 5 }),
        keyRecord('b', { withdrawnAtMs: 7 }),
        keyRecord('c', { withdrawnAtMs: 6 }),
      ],
      [],
      'b',
    ],
    [
      'a retired key does not come back',
      [
        keyRecord('a', { withdrawnAtMs: 5 }),
        keyRecord('b', { withdrawnAtMs: 7, tombstone: 'retired' }),
      ],
      [],
      'a',
    ],
  ];
  for (const [name, keys, usage, expected, of = next] of rows) {
    const { state, issuer } = begin(keys, usage);
    t.equal(predecessorOf(state, issuer, of)?.key.kid, expected, name);
  }
  t.end();
});

t.test('the first use of a key that was there from the start', (t) => {
  const HOUR = ALONE_MS;
  const late = T0 + 10 * HOUR;
  const first = usageOf('new', { firstAcceptedAtMs: late, lastAcceptedAtMs: late });
  const alone = usageOf('old', { firstAcceptedAtMs: T0, lastAcceptedAtMs: T0 + HOUR });
  const keys = [keyRecord('old'), keyRecord('new')];
  const rows: [
    string,
    UsageRecord,
    UsageRecord[],
    Partial<RotationRecord>[],
    KeyRecord[],
    boolean,
  ][] = [
    ['long after another', first, [alone], [], keys, true],
    ['not the first', { ...first, lastAcceptedAtMs: late + 1 }, [alone], [], keys, false],
    ['tokens without kid', { ...first, kid: null }, [alone], [], keys, false],
    ['another issuer', { ...first, issuer: 'x' }, [alone], [], keys, false],
    ['nobody else was used', first, [], [], keys, false],
    [
      'the other was not used for long',
      first,
      [{ ...alone, lastAcceptedAtMs: T0 + HOUR - 1 }],
      [],
      keys,
      false,
    ],
    [
      'the other began lately',
      first,
      [{ ...alone, firstAcceptedAtMs: late - HOUR + 1, lastAcceptedAtMs: late + HOUR }],
      [],
      keys,
      false,
    ],
    [
      'the other began an hour before',
      first,
      [{ ...alone, firstAcceptedAtMs: late - HOUR, lastAcceptedAtMs: late }],
      [],
      keys,
      true,
    ],
    ['its own use before is none of another', first, [{ ...alone, kid: 'new' }], [], keys, false],
    ['a rotation names it as new', first, [alone], [{ newKid: 'new', oldKid: 'x' }], keys, false],
    ['a rotation names it as old', first, [alone], [{ newKid: 'x', oldKid: 'new' }], keys, false],
    [
      'a rotation of another issuer does',
      first,
      [alone],
      [{ issuer: 'x', newKid: 'new', oldKid: 'old' }],
      keys,
      true,
    ],
    ['a rotation of others', first, [alone], [{ newKid: 'x', oldKid: 'y' }], keys, true],
    [
      'a retired kid',
      first,
      [alone],
      [],
      [keyRecord('old'), keyRecord('new', { tombstone: 'retired' })],
      false,
    ],
    [
      'a withdrawn key',
      first,
      [alone],
      [],
      [keyRecord('old'), keyRecord('new', { withdrawnAtMs: T0 })],
      false,
    ],
    [
      'a secret',
      first,
      [alone],
      [],
      [
        keyRecord('old'),
        { ...keyRecord('new'), key: { kid: 'new', thumbprint: '', alg: 'HS256' } },
      ],
      false,
    ],
  ];
  for (const [name, usage, others, rotations, of, expected] of rows) {
    const { state, issuer } = begin(of, others, rotations);
    const writes: Write[] = [];
    noteFirstUse(state, usage, writes);
    const [found] = [...issuer.keys.values()].filter(({ key }) => key.kid === 'new');
    t.equal(found?.unclaimed, expected, name);
    t.equal(found !== undefined && issuer.unclaimed.has(keyIdentity(found.key)), expected, name);
    t.same(writes, expected ? [{ kind: 'key', record: found }] : [], name);
    t.equal(issuer.unclaimed.size, expected ? 1 : 0, name);
  }
  t.end();
});

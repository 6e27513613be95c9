import t from 'tap';
import type { RotationRecord, UsageRecord } from '../../src/core/records.ts';
import { noteSwitchSeen } from '../../src/core/switch-seen.ts';
import type { Write } from '../../src/core/writes.ts';
import { ISSUER } from '../support/policies.ts';
import { rotating } from '../support/rotating.ts';

const SWITCHED = 1_800_000_000_500;
const SWITCHED_S = 1_800_000_000;

t.test('what shows that the signer has switched', (t) => {
  const rows: [string, Partial<RotationRecord>, Partial<UsageRecord>, number | null][] = [
    ['a token accepted then', {}, {}, SWITCHED],
    ['later', {}, { lastAcceptedAtMs: SWITCHED + 7 }, SWITCHED + 7],
    ['before', {}, { lastAcceptedAtMs: SWITCHED - 1 }, null],
    ['signed in that second', {}, { highestIatS: SWITCHED_S }, SWITCHED],
    ['signed before', {}, { highestIatS: SWITCHED_S - 1 }, null],
    ['of another kid', {}, { kid: 'old' }, null],
    ['of another issuer', {}, { issuer: 'x' }, null],
    ['never declared', { switchedAtMs: null }, {}, null],
    ['seen before', { switchSeenAtMs: 5 }, { lastAcceptedAtMs: SWITCHED + 7 }, 5],
    ['ended', { endedAtMs: SWITCHED }, {}, null],
    ['observed: followed elsewhere', { origin: 'observed', switchedAtMs: SWITCHED }, {}, null],
  ];
  for (const [name, part, usage, expected] of rows) {
    const { world, id } = rotating({ until: 'started' });
    const { state } = world;
    const before = state.rotations.get(id);
    if (before === undefined) throw new Error('no rotation');
    state.rotations.set(id, { ...before, switchedAtMs: SWITCHED, ...part });
    state.unevaluated.clear();
    const writes: Write[] = [];
    noteSwitchSeen(
      state,
      {
        issuer: ISSUER,
        kid: 'new',
        firstAcceptedAtMs: 0,
        lastAcceptedAtMs: SWITCHED,
        highestIatS: null,
        highestExpS: null,
        longestLifetimeS: null,
        acceptedWithoutExp: 0,
        acceptedWithoutIat: 0,
        ...usage,
      },
      writes,
    );
    const after = state.rotations.get(id);
    t.equal(after?.switchSeenAtMs, expected, name);
    const isNew = expected !== null && part.switchSeenAtMs === undefined;
    t.same(writes, isNew ? [{ kind: 'rotation', record: after }] : [], `${name}: kept`);
    const isTouched = isNew || part.origin === 'observed';
    t.equal(state.unevaluated.has(id), isTouched, `${name}: looked at again`);
  }
  t.end();
});

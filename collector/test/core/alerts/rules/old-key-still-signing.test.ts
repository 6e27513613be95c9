import t from 'tap';
import { oldKeyStillSigning } from '../../../../src/core/alerts/rules/old-key-still-signing.ts';
import type { CountsPart } from '../../../support/messages.ts';
import { ISSUER, OLD, NEW } from '../../../support/policies.ts';
import { rotating, type Rotating } from '../../../support/rotating.ts';
import type { World } from '../../../support/world.ts';
import { alertStatus, judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER, rotation: 'r-1' };

/** `a` accepts one old-key token more, signed so many seconds after the switch. */
function accepts(rotation: Rotating, afterS: number, part: Partial<CountsPart> = {}): World {
  const { world, a, switchedAtMs } = rotation;
  world.pass(Math.max(0, afterS * 1_000));
  const iatS = switchedAtMs / 1_000 + afterS;
  a.report({
    keys: [OLD, NEW],
    counts: [
      { kid: 'old', outcomes: { ok: 11 }, iatS, lifetimeS: 300, ...part },
      { kid: 'new', outcomes: { ok: 1 }, iatS: switchedAtMs / 1_000, lifetimeS: 300 },
    ],
  });
  return world;
}

const switched = (): Rotating => rotating({ until: 'switched' });

ruleTable(t, oldKeyStillSigning, [
  { name: 'before the switch', given: () => rotating().world, labels: LABELS, said: 'absent' },
  {
    name: 'after it, no token is late',
    given: () => switched().world,
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'a token was signed within the skew',
    given: () => accepts(switched(), 10),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'a token was signed later',
    given: () => accepts(switched(), 11),
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary: /^old of https:\/\/issuer.test signed at .*, after the switch at /,
    details: [/left behind/, /^keyturn gate retire --rotation r-1/, /ends at/],
  },
  {
    name: 'the old key is tainted',
    given: () => {
      const rotation = switched();
      rotation.world.declare(rotation.id, 'taint');
      return accepts(rotation, 11);
    },
    labels: LABELS,
    said: 'present',
    severity: 'critical',
  },
  {
    name: 'the token does not say when it was signed',
    given: () => accepts(switched(), 60, { iatS: 0, withoutIat: 1 }),
    labels: LABELS,
    said: 'unknown',
  },
  {
    name: 'its end says that it was signed late',
    given: () => {
      const rotation = switched();
      const expS = rotation.switchedAtMs / 1_000 + 700;
      return accepts(rotation, 60, { iatS: 0, withoutIat: 1, expS });
    },
    labels: LABELS,
    said: 'present',
  },
  {
    name: 'late tokens have expired, and everybody is heard',
    given: () => {
      const world = accepts(switched(), 11);
      world.pass(700_000);
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'late tokens have expired, and somebody is not heard',
    given: () => {
      const world = accepts(switched(), 11);
      world.pass(700_000, { silent: ['orders/a'] });
      return world;
    },
    labels: LABELS,
    said: 'unknown',
  },
  {
    name: 'the signer went back',
    given: () => {
      const rotation = switched();
      const world = accepts(rotation, 11);
      world.declare(rotation.id, 'rollback', 'the table says so');
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
]);

t.test('a restart clears nothing: what was accepted is on record', async (t) => {
  const world = accepts(switched(), 11);
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'OldKeyStillSigning', LABELS), 'firing');
  world.restart();
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'OldKeyStillSigning', LABELS), 'firing');
});

t.test('fooling: claims of refused tokens are nobody’s signature', async (t) => {
  const { world, a, switchedAtMs } = switched();
  world.pass(60_000);
  const iatS = switchedAtMs / 1_000 + 60;
  a.report({
    keys: [OLD, NEW],
    counts: [
      { kid: 'old', outcomes: { ok: 10, bad_signature: 5 }, iatS, lifetimeS: 300 },
      { kid: 'new', outcomes: { ok: 1 }, iatS: switchedAtMs / 1_000, lifetimeS: 300 },
    ],
  });
  t.equal(judgementOf(world, oldKeyStillSigning, LABELS), undefined);
});

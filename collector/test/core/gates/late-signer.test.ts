import t from 'tap';
import { lateSignature } from '../../../src/core/gates/late-signer.ts';
import type { RotationRecord, UsageRecord } from '../../../src/core/records.ts';
import { ISSUER, issuerOf, NEW, OLD } from '../../support/policies.ts';
import { reading } from '../../support/reading.ts';
import type { TestVerifier } from '../../support/world.ts';
import { rotating } from '../../support/rotating.ts';

// What the gate says of it besides: retire.test.ts.

const SPREAD = issuerOf({ switchSpreadMs: 30_000, skewMs: 10_000 });

/** Tokens of the old key accepted by one verifier, signed so long after the switch. */
function accepted(verifier: TestVerifier, switchedAtMs: number, afterS: number): void {
  const iatS = switchedAtMs / 1_000 + afterS;
  verifier.report({
    keys: [OLD, NEW],
    counts: [
      { kid: 'old', outcomes: { ok: 11 }, iatS, lifetimeS: 300 },
      { kid: 'new', outcomes: { ok: 1 }, iatS },
    ],
  });
}

t.test('those are named who accepted one from after the spread of the switch and the skew', (t) => {
  const policy = { issuers: new Map([[ISSUER, SPREAD]]) };
  const { world, id, a, b, switchedAtMs } = rotating({ until: 'switched', policy });
  world.pass(60_000);
  accepted(a, switchedAtMs, 40);
  t.match(reading(world.gate(id, 'retire'), ['old_key_not_signing']), [/^pass/], 'as long as both');
  accepted(b, switchedAtMs, 41);
  const [said, ...offenders] = reading(world.gate(id, 'retire'), ['old_key_not_signing']);
  t.match(said, /^fail evidence old_key_not_signing: old still signed at 00:02:11Z/);
  t.same(offenders, [
    '  orders/b/jwks accepts_late since 00:02:11Z: accepted a token of old signed at 00:02:11Z',
  ]);
  t.end();
});

t.test('it stays so when the verifier that accepted it is gone', (t) => {
  const { world, id, b, switchedAtMs } = rotating({ until: 'switched' });
  world.pass(60_000);
  accepted(b, switchedAtMs, 30);
  b.goodbye();
  const gone = world.act({
    type: 'remove_verifier',
    by: 'tester',
    service: 'orders',
    instance: 'b',
    cache: null,
    reason: 'gone',
  });
  t.ok(gone.ok);
  t.match(reading(world.gate(id, 'retire'), ['old_key_not_signing']), [
    /^fail evidence old_key_not_signing: old still signed at 00:02:00Z/,
  ]);
  t.end();
});

t.test('a late signature, by the moments of the key', (t) => {
  const { world, id } = rotating({ until: 'switched' });
  const found = world.state.rotations.get(id);
  const used = world.state.usage.get(`${ISSUER}\u0000old`);
  if (found === undefined || used === undefined) throw new Error('no rotation');
  const at = (switchedAtMs: number | null, usage: Partial<UsageRecord>, tmaxMs: number | null) => {
    const rotation: RotationRecord = { ...found, switchedAtMs };
    return lateSignature(rotation, { ...used, ...usage }, tmaxMs, SPREAD);
  };
  const TMAX = 300_000;
  t.equal(at(null, { highestIatS: 5_000 }, TMAX), null, 'nobody switched');
  t.equal(at(1_000_000, { highestIatS: 1_040 }, TMAX), null, 'within spread and skew');
  t.same(at(1_000_000, { highestIatS: 1_041, highestExpS: null }, TMAX), {
    signedMs: 1_041_000,
    byEnd: false,
  });
  const byEnd = { highestIatS: 900, highestExpS: 1_341 };
  t.same(at(1_000_000, byEnd, TMAX), { signedMs: 1_041_000, byEnd: true });
  t.equal(at(1_000_000, { ...byEnd, highestExpS: 1_340 }, TMAX), null);
  t.equal(at(1_000_000, byEnd, null), null, 'of an unknown lifetime the end says nothing');
  t.equal(lateSignature({ ...found, switchedAtMs: 1 }, undefined, TMAX, SPREAD), null);
  t.end();
});

import t from 'tap';
import type { UsageRecord } from '../../src/core/records.ts';
import type { Write } from '../../src/core/writes.ts';
import { PendingWrites } from '../../src/pending-writes.ts';
import { attestation, rotation } from '../store/samples.ts';

function usage(issuer: string, kid: string | null, lastAcceptedAtMs = 1): Write {
  const record: UsageRecord = {
    issuer,
    kid,
    firstAcceptedAtMs: 1,
    lastAcceptedAtMs,
    highestIatS: null,
    highestExpS: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
  };
  return { kind: 'usage', record };
}

t.test('one write of each record waits, and no record passes for another', async (t) => {
  const pending = new PendingWrites();
  const different = [
    usage('login', 'kid kid a'),
    usage('login kid kid', 'a'),
    usage('login', null),
    usage('login', ''),
  ];
  for (const write of different) pending.add(write);
  t.same(pending.all, different);
  pending.add(usage('login', 'kid kid a', 2));
  t.same(pending.all, [...different.slice(1), usage('login', 'kid kid a', 2)]);
  pending.committed(3);
  t.equal(pending.size, 0);
});

t.test('a rotation that is removed takes the place of its last change', async (t) => {
  const pending = new PendingWrites();
  const removal: Write = {
    kind: 'rotation_removed',
    record: { id: 'r1', attestationIds: ['a1'], waiverIds: [] },
  };
  pending.add({ kind: 'rotation', record: rotation });
  pending.add({ kind: 'attestation', record: attestation });
  pending.add(removal);
  t.same(pending.all, [{ kind: 'attestation', record: attestation }, removal]);
});

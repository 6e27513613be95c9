import t from 'tap';
import type { HeldToken } from './bearer-client.ts';
import { truthKeeper } from './truth.ts';
import type { Trial } from './truth.ts';

const token: HeldToken = { token: 'a.b.c', kid: 'k1', iatS: 100, expS: 108 };

function trial(changes: Partial<Trial>): Trial {
  return {
    verifier: 'orders-1',
    token,
    answeredAtMs: 105_000,
    outcome: 'accepted',
    reason: '',
    ...changes,
  };
}

t.test('only an HTTP refusal of an unexpired token is a rejection', async (t) => {
  const rows = [
    { name: 'accepted', trial: trial({}), tried: 1, rejected: 0, unanswered: 0, tooLate: 0 },
    {
      name: 'refused while valid',
      trial: trial({ outcome: 'refused', reason: 'unknown kid' }),
      tried: 1,
      rejected: 1,
      unanswered: 0,
      tooLate: 0,
    },
    {
      name: 'refused after its exp',
      trial: trial({ outcome: 'refused', answeredAtMs: 108_000 }),
      tried: 0,
      rejected: 0,
      unanswered: 0,
      tooLate: 1,
    },
    {
      name: 'service down',
      trial: trial({ outcome: 'unanswered' }),
      tried: 0,
      rejected: 0,
      unanswered: 1,
      tooLate: 0,
    },
  ];
  for (const row of rows) {
    const truth = truthKeeper();
    truth.record(row.trial);
    t.match(
      truth,
      {
        tried: row.tried,
        rejected: row.rejected,
        unanswered: row.unanswered,
        tooLate: row.tooLate,
      },
      row.name,
    );
  }
});

t.test('rejections are told apart by verifier, key and reason', async (t) => {
  const truth = truthKeeper();
  const refused = { outcome: 'refused', reason: 'no key' } as const;
  truth.record(trial(refused));
  truth.record(trial({ ...refused, answeredAtMs: 106_000 }));
  truth.record(trial({ ...refused, verifier: 'billing-1' }));
  t.strictSame(truth.rejections(), [
    {
      verifier: 'orders-1',
      kid: 'k1',
      reason: 'no key',
      count: 2,
      firstAtMs: 105_000,
      lastAtMs: 106_000,
    },
    {
      verifier: 'billing-1',
      kid: 'k1',
      reason: 'no key',
      count: 1,
      firstAtMs: 105_000,
      lastAtMs: 105_000,
    },
  ]);
});

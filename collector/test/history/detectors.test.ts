import t from 'tap';
import { NEW, OLD, ISSUER } from '../support/policies.ts';
import { Recording } from './recording.ts';

t.test('a detector is seen to rise to its threshold and to fire', async (t) => {
  const made = new Recording();
  made.world.sight([OLD, NEW]);
  made.world.sight([OLD, NEW]);
  const a = made.join('a');
  made.settleIn(a);
  made.seconds(30, () => a.count('old', { ok: 20 }).report());
  made.seconds(30, () => a.count('old', { ok: 20, unknown_kid: 1 }).report());
  const toS = made.nowS;
  const stretch = { fromS: toS - 60, toS, points: 100, stepS: 0 };
  const { buckets } = made.history.detectors(ISSUER, stretch);
  const all = buckets.map((bucket) => bucket?.marks.get('all'));
  t.strictSame(
    all.slice(0, 3).map((mark) => [mark?.score, mark?.firing]),
    Array.from({ length: 3 }, () => [0, false]),
  );
  t.ok((all[0]?.threshold ?? 0) > 10);
  t.equal(all[5]?.firing, true);
  t.ok((all[5]?.score ?? 0) >= (all[5]?.threshold ?? 99));
  t.equal(buckets[5]?.marks.get('active')?.firing, true);
  t.equal(buckets[5]?.marks.get('next')?.firing, false);
  t.equal(buckets[5]?.marks.get('foreign')?.firing, false);
  const minute = made.history.detectors(ISSUER, { ...stretch, stepS: 60 }).buckets[0];
  t.equal(
    minute?.marks.get('all')?.score,
    Math.max(...all.map((mark) => mark?.score ?? 0)),
    'the peak',
  );
});

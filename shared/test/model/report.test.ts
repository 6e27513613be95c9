import fc from 'fast-check';
import t from 'tap';
import { isNewer } from '../../src/model/report.ts';

// Few values, so that equal ones come up.
const stamp = fc.record({ epoch: fc.nat({ max: 4 }), seq: fc.nat({ max: 4 }) });

t.test('epoch first, then sequence', (t) => {
  t.equal(isNewer({ epoch: 2, seq: 1 }, { epoch: 1, seq: 9 }), true);
  t.equal(isNewer({ epoch: 1, seq: 9 }, { epoch: 2, seq: 1 }), false);
  t.equal(isNewer({ epoch: 1, seq: 2 }, { epoch: 1, seq: 1 }), true);
  t.equal(isNewer({ epoch: 1, seq: 1 }, { epoch: 1, seq: 1 }), false);
  t.end();
});

t.test('of two different stamps exactly one is newer, of one and itself none', (t) => {
  fc.assert(
    fc.property(stamp, stamp, (a, b) => {
      const same = a.epoch === b.epoch && a.seq === b.seq;
      return Number(isNewer(a, b)) + Number(isNewer(b, a)) === (same ? 0 : 1);
    }),
  );
  t.end();
});

t.test('newer than a newer one is newer', (t) => {
  fc.assert(
    fc.property(
      stamp,
      stamp,
      stamp,
      (a, b, c) => !(isNewer(a, b) && isNewer(b, c)) || isNewer(a, c),
    ),
  );
  t.end();
});

t.test('whatever the order of arrival, and however often, the same report is kept', (t) => {
  const arrivals = fc
    .array(stamp, { minLength: 1, maxLength: 8 })
    .chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }),
      ),
    );
  fc.assert(fc.property(arrivals, ([all, again]) => sameStamp(kept(all), kept(again))));
  t.end();
});

type Stamp = Parameters<typeof isNewer>[0];

/** What a receiver that takes only newer reports holds in the end. */
function kept(arrivals: readonly Stamp[]): Stamp {
  return arrivals.reduce((held, next) => (isNewer(next, held) ? next : held));
}

function sameStamp(a: Stamp, b: Stamp): boolean {
  return a.epoch === b.epoch && a.seq === b.seq;
}

import fc from 'fast-check';
import t from 'tap';
import { moment } from '../../src/model/moment.ts';

t.test('to the second, and no number makes it throw', (t) => {
  t.equal(moment(Date.UTC(2026, 10, 23, 10, 15, 0, 999)), '2026-11-23T10:15:00Z');
  t.equal(moment(Number.MAX_SAFE_INTEGER), 'a time beyond any calendar');
  t.equal(moment(Number.NaN), 'a time beyond any calendar');
  fc.assert(fc.property(fc.double(), (unixMs) => moment(unixMs).length > 0));
  t.end();
});

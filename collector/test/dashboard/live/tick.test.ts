import t from 'tap';
import { isOvertaken, type Tick } from '../../../src/dashboard/live/tick.ts';

const at = (started: string, now: string): Tick => ({
  started_at: `2026-01-01T${started}:00.000Z`,
  now_at: `2026-01-01T${now}:00.000Z`,
  build: '',
  versions: {},
});

t.test('what came late is not shown over what is newer', (t) => {
  const last = at('08:00', '09:00');
  t.equal(isOvertaken(at('08:00', '08:59'), last), true);
  t.equal(isOvertaken(at('08:00', '09:00'), last), false, 'the same moment');
  t.equal(isOvertaken(at('08:00', '09:01'), last), false);
  t.equal(isOvertaken(at('08:30', '08:31'), last), false, 'another run, whatever its clock says');
  t.equal(isOvertaken(at('08:00', '08:59'), null), false, 'nothing was heard before');
  t.end();
});

import t from 'tap';
import { awakeTime } from '../../../src/dashboard/live/awake-time.ts';

t.test('time that counts sleep', (t) => {
  const steps: readonly (readonly [
    name: string,
    monotonic: number,
    wall: number,
    total: number,
  ])[] = [
    ['both clocks run', 500, 500, 500],
    ['asleep: only the wall clock ran', 0, 3_600_000, 3_600_500],
    ['the wall clock was set back', 500, -7_200_000, 3_601_000],
    ['and runs on from there', 500, 500, 3_601_500],
    ['nothing at all', 0, 0, 3_601_500],
  ];
  let monotonic = 1_000;
  let wall = 1_800_000_000_000;
  const elapsedMs = awakeTime(
    () => monotonic,
    () => wall,
  );
  t.equal(elapsedMs(), 0);
  for (const [name, monotonicStep, wallStep, total] of steps) {
    monotonic += monotonicStep;
    wall += wallStep;
    t.equal(elapsedMs(), total, name);
  }
  t.end();
});

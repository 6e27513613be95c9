import t from 'tap';
import {
  coveringCohort,
  impliedKind,
  reports,
  SERVICE_KINDS,
  uncoveredPercent,
} from '../../src/core/kinds.ts';

t.test('the cohort that counts is the smallest that covers the required share', (t) => {
  const cohorts = [
    { percentile: 50, withinMs: 1 },
    { percentile: 99, withinMs: 2 },
    { percentile: 100, withinMs: 3 },
  ];
  const rows: [number, number | null][] = [
    [10, 1],
    [50, 1],
    [50.1, 2],
    [99, 2],
    [100, 3],
  ];
  for (const [coverPercentile, withinMs] of rows) {
    const cohort = coveringCohort({ cohorts, coverPercentile, dropsWithRefresh: true });
    t.equal(cohort?.withinMs, withinMs, `${coverPercentile} %`);
  }
  const short = { cohorts: cohorts.slice(0, 1), coverPercentile: 99, dropsWithRefresh: true };
  t.equal(coveringCohort(short), null, 'no share that was declared is large enough');
  t.end();
});

t.test('what a cohort leaves uncovered, without binary noise', (t) => {
  for (const [percentile, left] of [
    [99.9, 0.1],
    [100, 0],
    [50, 50],
  ] as const) {
    t.equal(uncoveredPercent({ percentile, withinMs: 0 }), left);
  }
  t.end();
});

t.test('the kinds that report', (t) => {
  t.same(SERVICE_KINDS.filter(reports), ['instrumented', 'proxied', 'pushed']);
  t.end();
});

t.test('the kind of a service that declares none', (t) => {
  const rows = [
    ['timed', false, 'managed'],
    ['timed', true, 'managed'],
    ['attested', false, 'attested'],
    ['attested', true, 'static'],
    ['present', false, 'instrumented'],
    ['present', true, 'instrumented'],
  ] as const;
  for (const [evidence, staticKeys, kind] of rows) {
    t.equal(impliedKind(evidence, staticKeys), kind, `${evidence} ${staticKeys}`);
  }
  t.end();
});

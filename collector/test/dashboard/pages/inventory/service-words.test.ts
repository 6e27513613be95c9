import t from 'tap';
import { expectedOf, howJudged } from '../../../../src/dashboard/pages/inventory/service-words.ts';

const POPULATION = {
  cohorts: [{ percentile: 99, within_s: 3_600 }],
  cover_percentile: 99,
  covered_percentile: 99,
  covered_within_s: 3_600,
  uncovered_percent: 1,
} as const;

t.test('what decides that a service knows a key', (t) => {
  const row = { evidence: 'present', population: null, shipping_interval_s: null } as const;
  const population = { ...POPULATION, cohorts: [...POPULATION.cohorts] };
  t.equal(howJudged({ ...row, judged_by: 'evidence' }), 'by evidence, at least present');
  t.equal(howJudged({ ...row, judged_by: 'timed' }), 'by time and its profile alone');
  t.equal(howJudged({ ...row, judged_by: 'attested' }), 'by the word of a person');
  t.equal(
    howJudged({ ...row, judged_by: 'attested', shipping_interval_s: 86_400 }),
    'by the word of a person; keys are shipped every 1d',
  );
  t.equal(
    howJudged({ ...row, judged_by: 'population', population }),
    'by its declared refresh: 99 % within 1h; 1 % of it is left out',
  );
  t.equal(
    howJudged({
      ...row,
      judged_by: 'population',
      population: { ...population, covered_percentile: null, covered_within_s: null },
    }),
    'by its declared refresh, and none covers the 99 % that must be',
  );
  t.end();
});

t.test('instances expected and seen', (t) => {
  const of = (expected: number | null, most: number | null, live: number) => ({
    instances_expected: expected,
    instances_at_most: most,
    instances_live: live,
  });
  const heard = { declared: true, kind: 'instrumented' } as const;
  t.equal(expectedOf(of(2, null, 1), heard), '1 of 2 expected');
  t.equal(expectedOf(of(2, 5, 3), heard), '3 of 2 to 5 expected');
  t.equal(expectedOf(of(null, null, 1), heard), '1 instance live, any number expected');
  t.equal(
    expectedOf(of(null, null, 2), { ...heard, declared: false }),
    '2 instances live, none expected',
  );
  t.equal(expectedOf(of(null, null, 0), { ...heard, kind: 'attested' }), 'does not report');
  t.end();
});

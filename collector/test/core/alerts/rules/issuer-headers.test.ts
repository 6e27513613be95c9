import t from 'tap';
import { issuerHeaders } from '../../../../src/core/alerts/rules/issuer-headers.ts';
import { ISSUER, issuerOf, policyOf } from '../../../support/policies.ts';
import { World } from '../../../support/world.ts';
import { judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER };

function answering(maxAgeS: number | null, plannedLeadMs: number | null = 600_000): World {
  const world = new World(
    policyOf([], { issuers: new Map([[ISSUER, issuerOf({ plannedLeadMs })]]) }),
  );
  world.sight(undefined, undefined, { maxAgeS });
  return world;
}

ruleTable(t, issuerHeaders, [
  {
    name: 'caches keep less than is planned',
    given: () => answering(600),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'nothing is planned',
    given: () => answering(86_400, null),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'caches keep more',
    given: () => answering(3_600),
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary: /for 3600 s, longer than the 600 s planned/,
    details: [/lower max-age/],
  },
  {
    name: 'the answer cannot be read',
    given: () => {
      const world = answering(3_600);
      world.sightFailure();
      return world;
    },
    labels: LABELS,
    said: 'unknown',
  },
]);

t.test('fooling: a header lowered now does not call copies back that are about', async (t) => {
  const world = answering(3_600);
  world.pass(10_000);
  world.sight(undefined, undefined, { maxAgeS: 60 });
  t.match(judgementOf(world, issuerHeaders, LABELS), {
    status: 'present',
    details: [/the last such copy ends at 2026-01-01T01:00:00Z/],
  });
  world.answered = { maxAgeS: 60 };
  world.pass(3_601_000);
  t.equal(judgementOf(world, issuerHeaders, LABELS), undefined);
});

import t from 'tap';
import { clockSkew } from '../../../../src/core/alerts/rules/clock-skew.ts';
import { ISSUER, issuerOf, policyOf, VANTAGE } from '../../../support/policies.ts';
import { World } from '../../../support/world.ts';
import { judgementOf, ruleTable } from '../judging.ts';

const ADDRESS = { issuer: ISSUER, address: VANTAGE };

function issuerOff(ms: number, skewMs = 10_000): World {
  const world = new World(policyOf([], { issuers: new Map([[ISSUER, issuerOf({ skewMs })]]) }));
  world.issuerOffMs = ms;
  world.sight();
  return world;
}

ruleTable(t, clockSkew, [
  { name: 'clocks agree', given: () => issuerOff(0), labels: ADDRESS, said: 'absent' },
  {
    name: 'within five minutes',
    given: () => issuerOff(-300_000),
    labels: ADDRESS,
    said: 'absent',
  },
  {
    name: "the issuer's is behind",
    given: () => issuerOff(-301_000),
    labels: ADDRESS,
    said: 'present',
    severity: 'warning',
    summary: /are 5 min apart/,
    details: [/^the collector's is ahead/],
  },
  {
    name: "the issuer's is ahead",
    given: () => issuerOff(3_600_000),
    labels: ADDRESS,
    said: 'present',
    details: [/^the collector's is behind/],
  },
  {
    name: 'more skew was declared',
    given: () => issuerOff(-400_000, 600_000),
    labels: ADDRESS,
    said: 'absent',
  },
  {
    name: 'nothing says what time it is',
    given: () => {
      const world = issuerOff(-400_000);
      world.dated = false;
      world.sight();
      return world;
    },
    labels: ADDRESS,
    said: 'unknown',
  },
]);

t.test('fooling: an `Age` that a cache makes up does not hide a clock that is off', async (t) => {
  const world = issuerOff(3_600_000);
  world.sight(undefined, undefined, { ageS: 7_200 });
  t.match(judgementOf(world, clockSkew, ADDRESS), { status: 'present' });
});

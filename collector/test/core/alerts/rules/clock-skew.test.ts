import t from 'tap';
import { clockSkew } from '../../../../src/core/alerts/rules/clock-skew.ts';
import { ISSUER, issuerOf, policyOf, serviceOf, VANTAGE } from '../../../support/policies.ts';
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

const SERVICE = { issuer: ISSUER, service: 'orders' };

/** An agent whose clock is so far ahead of the collector's. */
function agentOff(ms: number, skewMs = 60_000): World {
  const issuers = new Map([[ISSUER, issuerOf({ skewMs })]]);
  const world = new World(policyOf([serviceOf('orders', { instances: 2 })], { issuers }));
  world.join('orders', 'a').report({});
  world.pass(60_000);
  says(world, ms);
  return world;
}

function says(world: World, ms: number): void {
  world.clockOffMs = ms;
  world.join('orders', 'b').report({});
}

ruleTable(t, clockSkew, [
  {
    name: 'an agent within the skew',
    given: () => agentOff(60_000),
    labels: SERVICE,
    said: 'absent',
  },
  {
    name: 'an agent ahead by more',
    given: () => agentOff(61_000),
    labels: SERVICE,
    said: 'present',
    summary: /^beside 1 verifier of service orders the clock is further .* than the 60 s/,
    details: [/^orders\/b\/jwks was 61 s ahead when its agent connected/],
  },
  {
    name: 'an agent behind',
    given: () => agentOff(-120_000),
    labels: SERVICE,
    said: 'present',
    details: [/120 s behind/],
  },
  {
    name: 'a small skew is declared: what a hello takes to come is no skew',
    given: () => agentOff(30_000, 1_000),
    labels: SERVICE,
    said: 'absent',
  },
  {
    name: 'every agent is off: whose clock is it?',
    given: () => {
      const world = agentOff(-120_000);
      world.join('orders', 'a').report({});
      return world;
    },
    labels: SERVICE,
    said: 'present',
    details: [/look at the collector's own clock first/],
  },
  {
    name: 'it is not heard any more',
    given: () => {
      const world = agentOff(120_000);
      world.pass(60_000, { silent: ['orders/b'] });
      return world;
    },
    labels: SERVICE,
    said: 'unknown',
  },
]);

t.test('a clock that was set right shows when the agent connects again', async (t) => {
  const world = agentOff(120_000);
  says(world, 0);
  t.equal(judgementOf(world, clockSkew, SERVICE), undefined);
});

t.test('fooling: an `Age` that a cache makes up does not hide a clock that is off', async (t) => {
  const world = issuerOff(3_600_000);
  world.sight(undefined, undefined, { ageS: 7_200 });
  t.match(judgementOf(world, clockSkew, ADDRESS), { status: 'present' });
});

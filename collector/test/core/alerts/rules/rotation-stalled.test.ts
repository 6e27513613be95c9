import t from 'tap';
import { rotationStalled } from '../../../../src/core/alerts/rules/rotation-stalled.ts';
import { ISSUER, NEW, OLD, policyOf, serviceOf } from '../../../support/policies.ts';
import { rotating, type RotatingOptions } from '../../../support/rotating.ts';
import { World } from '../../../support/world.ts';
import { judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER, rotation: 'r-1' };
const SOON = {
  alerts: {
    onAlert: 'close',
    calmForMs: 300_000,
    stalledAfterMs: 600_000,
    receivers: [],
    alertmanagers: [],
  },
} as const;

function after(ms: number, until: NonNullable<RotatingOptions['until']>): World {
  const { world } = rotating({ until, policy: SOON });
  world.pass(ms);
  return world;
}

ruleTable(t, rotationStalled, [
  {
    name: 'it has just moved',
    given: () => after(500_000, 'known'),
    labels: LABELS,
    said: 'absent',
  },
  {
    name: 'nobody published the key',
    given: () => after(610_000, 'started'),
    labels: LABELS,
    said: 'present',
    severity: 'warning',
    summary:
      /^rotation r-1 .* from old to new is staged and has not moved since 2026-01-01T00:01:00Z/,
    details: [/^gate publish is open: publish the new key$/],
  },
  {
    name: 'somebody lacks the key',
    given: () => after(610_000, 'published'),
    labels: LABELS,
    said: 'present',
    details: [/^gate activate is closed: 2 verifiers without evidence of key new/],
  },
  {
    name: 'the gate is open and nobody goes on',
    given: () => after(610_000, 'known'),
    labels: LABELS,
    said: 'present',
    details: [/^gate activate is open: .*keyturn rotation activate$/],
  },
  {
    name: 'the wait after the switch is a wait as well',
    given: () => after(610_000, 'switched'),
    labels: LABELS,
    said: 'present',
    details: [/^gate retire is closed: tokens signed by old may be live until/],
  },
  {
    name: 'just after a start nothing can be said of what it waits for',
    given: () => {
      const world = after(610_000, 'known');
      world.restart();
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
]);

t.test('a step that is taken ends it', async (t) => {
  const { world, id } = rotating({ policy: SOON });
  world.pass(610_000);
  world.take({ type: 'tick' });
  t.ok(judgementOf(world, rotationStalled, LABELS));
  t.ok(world.declare(id, 'activate').ok);
  t.equal(judgementOf(world, rotationStalled, LABELS), undefined);
});

t.test('a rotation that was only observed has nobody to move it', async (t) => {
  const world = new World(policyOf([serviceOf('orders')], SOON));
  world.sight();
  world.join('orders').report({});
  world.pass(60_000);
  world.served = [OLD, NEW];
  world.pass(1_200_000);
  t.equal(world.state.rotations.size, 1);
  t.same(rotationStalled.judge(world.state, world.now()), []);
});

t.test('fooling: a clock that was set forward makes nothing stall', async (t) => {
  const { world } = rotating({ policy: SOON });
  world.stepWall(-3_600_000);
  world.atMs += 610_000;
  t.equal(judgementOf(world, rotationStalled, LABELS), undefined, 'by the earliest it can be');
});

import fc from 'fast-check';
import t from 'tap';
import type { Containment } from '../../src/core/containment.ts';
import { containmentOf, NOT_ABOUT_REJECTING } from '../../src/core/containment.ts';
import { findingsOf } from '../../src/core/evaluate.ts';
import { requiredGroups, waysOf } from '../../src/core/gates/dependents.ts';
import type { ServicePolicy } from '../../src/core/policy.ts';
import type { Happening } from '../support/mixed-fleet.ts';
import { anyService, happenings, MixedFleet } from '../support/mixed-fleet.ts';

const SERVICES = 4;
const RUNS = 100;

/** Checks of gate `purge` that speak of the verifiers and of nothing else. */
const EVIDENCE = new Set([
  'old_key_withdrawn',
  'old_key_dropped',
  'drop_time_elapsed',
  'attested',
  'fleet_heard',
]);

const services = fc
  .tuple(...['a', 'b', 'c', 'd'].map((name) => anyService(name)))
  .map((all) => [...all]);

interface Story {
  readonly services: readonly ServicePolicy[];
  readonly happens: readonly Happening[];
}

const story: fc.Arbitrary<Story> = fc.record({ services, happens: happenings(SERVICES) });

interface Seen {
  readonly found: Containment;
  readonly passes: (id: string) => boolean;
  readonly all: boolean;
}

function look(fleet: MixedFleet): Seen {
  const { world, id } = fleet;
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  const { checks } = findingsOf(world.state, rotation, 'purge', world.now());
  return {
    found: containmentOf(world.state, rotation, world.now()),
    passes: (check) => checks.find((one) => one.id === check)?.status === 'pass',
    all: checks.every(({ id, status }) => status === 'pass' || NOT_ABOUT_REJECTING.has(id)),
  };
}

/** Names, not numbers: everybody a required service may stand for, each of them once. */
function namesOf(fleet: MixedFleet, service: string): Set<string> {
  const { state } = fleet.world;
  const rotation = state.rotations.get(fleet.id);
  const names = new Set<string>();
  for (const group of rotation === undefined ? [] : requiredGroups(state, rotation)) {
    if (group.service.name !== service) continue;
    for (const { record } of group.members) names.add(`${record.id.instance}/${record.id.cache}`);
    const instances = new Set([...group.members].map(({ record }) => record.id.instance));
    for (let n = instances.size; n < (group.service.instances ?? 0); n += 1) names.add(`?${n}`);
    if (rotation !== undefined && waysOf(group, rotation) !== 'evidence') names.add('others');
    if (names.size === 0) names.add('?');
  }
  return names;
}

function addsUp(fleet: MixedFleet, { found }: Seen): void {
  for (const { service, total, contained, pending } of found.services) {
    const classes = pending.map(({ state }) => state);
    if (new Set(classes).size !== classes.length) throw new Error(`${service}: a class twice`);
    if (pending.some(({ count }) => !Number.isInteger(count) || count < 1)) {
      throw new Error(`${service}: ${JSON.stringify(pending)}`);
    }
    const sum = pending.reduce((all, { count }) => all + count, contained);
    if (sum !== total || contained < 0) throw new Error(`${service}: ${sum} of ${total}`);
    const most = namesOf(fleet, service).size;
    if (total > most) throw new Error(`${service}: ${total} counted, there are ${most} to count`);
    const until = pending.filter(({ untilMs }) => untilMs !== null).map(({ state }) => state);
    if (until.some((state) => state !== 'waiting')) throw new Error(`${service}: ${until.join()}`);
  }
  const total = found.services.reduce((sum, service) => sum + service.total, 0);
  const contained = found.services.reduce((sum, service) => sum + service.contained, 0);
  if (total !== found.total || contained !== found.contained) throw new Error('the sums differ');
}

function agrees({ found, passes, all }: Seen): void {
  if ((found.percent === 100) !== all) throw new Error(`${found.percent} %, purge passes: ${all}`);
  if ((found.status === 'contained') !== all) throw new Error(found.status);
  const evidence = [...EVIDENCE].every(passes);
  if (found.total > 0 && (found.contained === found.total) !== evidence) {
    const reasons = found.reasons.map(({ id, status }) => `${id}:${status}`).join(' ');
    throw new Error(
      `${found.contained} of ${found.total} reject, the checks say ${evidence}: ${reasons}`,
    );
  }
}

t.test('the classes of containment part the dependents, and agree with gate purge', (t) => {
  let contained = 0;
  const states = new Set<string>();
  fc.assert(
    fc.property(story, (given) => {
      const fleet = new MixedFleet(given.services);
      for (const happening of given.happens) {
        fleet.happen(happening);
        const seen = look(fleet);
        addsUp(fleet, seen);
        agrees(seen);
        if (seen.found.percent === 100) contained += 1;
        for (const service of seen.found.services) {
          for (const { state } of service.pending) states.add(state);
        }
      }
    }),
    { numRuns: RUNS, seed: 20261127 },
  );
  t.ok(contained > 10, `contained ${contained} times`);
  t.same([...states].sort(), [
    'holds_old',
    'not_withdrawn',
    'unbounded',
    'unheard',
    'unvouched',
    'waiting',
  ]);
  t.end();
});

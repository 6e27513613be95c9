import t from 'tap';
import { noteBreaks } from '../../src/core/steadiness.ts';
import type { Input } from '../../src/core/step.ts';
import { ISSUER, NEW, OLD } from '../support/policies.ts';
import { rotating, type Rotating } from '../support/rotating.ts';
import { sightingOf } from '../support/messages.ts';

const CHECK: Input = { type: 'settle' };
const ACT: Input = { type: 'act', act: { type: 'hand_over_canaries' } as never };
const SIGHTING: Input = { type: 'sighting', sighting: sightingOf([OLD, NEW], null, 'x') };

/** All checks pass since a while, and the policy asks for an hour of that. */
function steady(): Rotating & { readonly goesOn: (input: Input) => boolean } {
  const rotation = rotating({ policy: { stableForMs: 3_600_000 } });
  const { world, id } = rotation;
  world.gate(id, 'activate');
  if (!world.state.steadySinceMs.has(id)) throw new Error('no run');
  world.state.unevaluated.takeShaken();
  const goesOn = (input: Input) => {
    noteBreaks(world.state, input, world.now());
    return world.state.steadySinceMs.has(id);
  };
  return { ...rotation, goesOn };
}

/** As when the last input did this and nobody has evaluated since. */
function loseTheKey({ world, id }: Rotating): void {
  const tally = [...(world.state.fleet.groups.get(ISSUER)?.values() ?? [])][0]?.tallies.get(id);
  const [verifier] = tally?.byNew.get('present') ?? [];
  if (tally === undefined || verifier === undefined) throw new Error('nobody has it');
  tally.byNew.get('present')?.delete(verifier);
  tally.byNew.set('absent', new Set([verifier]));
}

t.test('nothing has happened: the run goes on', (t) => {
  const rotation = steady();
  for (const input of [CHECK, ACT, SIGHTING]) t.ok(rotation.goesOn(input), input.type);
  t.end();
});

t.test('what the last input shook is looked at, whatever comes next', (t) => {
  const rotation = steady();
  loseTheKey(rotation);
  t.ok(rotation.goesOn(CHECK), 'nobody said that it changed');
  rotation.world.state.unevaluated.add(rotation.id);
  t.notOk(rotation.goesOn(CHECK));
  t.end();
});

t.test('a lease that ended ends the run, though a report comes next', (t) => {
  const rotation = steady();
  rotation.world.atMs += 60_000;
  t.notOk(rotation.goesOn(CHECK));
  t.end();
});

t.test('acts and sightings may renew what has lapsed: it is looked at before', (t) => {
  for (const input of [ACT, SIGHTING]) {
    const rotation = steady();
    loseTheKey(rotation);
    t.notOk(rotation.goesOn(input), input.type);
  }
  const other = steady();
  loseTheKey(other);
  const elsewhere = { ...sightingOf([OLD], null, 'x'), issuer: 'https://x.test' };
  t.ok(other.goesOn({ type: 'sighting', sighting: elsewhere }), 'of another issuer');
  t.end();
});

t.test('where no run goes on nothing is begun, and nothing is looked at', (t) => {
  const rotation = steady();
  const { state } = rotation.world;
  state.steadySinceMs.clear();
  state.unevaluated.add(rotation.id);
  t.notOk(rotation.goesOn(ACT));
  t.same(state.unevaluated.takeShaken(), [], 'what was shaken before is no matter any more');
  state.steadySinceMs.set('another', 5);
  state.unevaluated.add(rotation.id);
  t.notOk(rotation.goesOn(ACT), 'a rotation without a run does not get one by this');
  t.ok(state.steadySinceMs.has('another'), 'one that is gone has nothing to look at');
  t.end();
});

import fc from 'fast-check';
import t from 'tap';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { sharesAlg } from '../../../src/core/alg.ts';
import { START } from '../../support/acts.ts';
import { keyOf, OLD } from '../../support/policies.ts';
import { observing, openOnes } from '../../support/observing.ts';
import type { World } from '../../support/world.ts';

const KEYS: readonly KeyRef[] = [
  OLD,
  keyOf('a'),
  keyOf('b'),
  keyOf('b', 'forged'),
  { ...keyOf('c'), alg: '' },
  { ...keyOf('d'), alg: 'ES256' },
  { ...keyOf('e'), alg: 'ES256' },
];

type Move =
  | { readonly type: 'serve'; readonly kids: readonly number[]; readonly times: number }
  | { readonly type: 'accept'; readonly kid: number }
  | { readonly type: 'start'; readonly kid: number }
  | { readonly type: 'abort' | 'restart' | 'pass' };

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('serve' as const),
      kids: fc.subarray([...KEYS.keys()]),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  fc.record({ type: fc.constant('accept' as const), kid: fc.nat(KEYS.length - 1) }),
  fc.record({ type: fc.constant('start' as const), kid: fc.nat(KEYS.length - 1) }),
  fc.record({ type: fc.constantFrom('abort' as const, 'restart' as const, 'pass' as const) }),
);

t.test(
  'whatever is seen, at most one rotation per algorithm is open, and none for a reused kid',
  (t) => {
    let opened = 0;
    fc.assert(
      fc.property(
        fc.constantFrom('ours' as const, 'third_party' as const),
        fc.array(move, { minLength: 5, maxLength: 40 }),
        (control, moves) => {
          const { world } = observing({ control });
          const seen = new Set<string>();
          const accepted = new Map<string, number>();
          for (const [at, each] of moves.entries()) {
            make(world, each, at, accepted);
            opened += judge(world, seen);
          }
        },
      ),
      { numRuns: 300 },
    );
    t.ok(opened > 100, `${opened} rotations opened by themselves`);
    t.end();
  },
);

function make(world: World, each: Move, at: number, accepted: Map<string, number>): void {
  world.atMs += 15_000;
  switch (each.type) {
    case 'serve':
      world.served = each.kids.flatMap((index) => KEYS[index] ?? []);
      for (let time = 0; time < each.times; time += 1) world.sight();
      break;
    case 'accept': {
      const kid = KEYS[each.kid]?.kid ?? '';
      accepted.set(kid, (accepted.get(kid) ?? 0) + 1);
      const counts = [...accepted].map(([name, ok]) => ({
        kid: name,
        outcomes: { ok },
        iatS: Math.floor(world.atMs / 1_000),
      }));
      world.verifiers[0]?.report({ keys: [...world.served], counts });
      break;
    }
    case 'start':
      world.act({ ...START, id: `r-${at}`, newKid: KEYS[each.kid]?.kid ?? '' });
      break;
    case 'abort':
      for (const { id } of openOnes(world)) world.declare(id, 'abort', 'no interest');
      break;
    case 'restart':
      world.restart();
      accepted.clear();
      world.join('orders', 'a');
      break;
    case 'pass':
      world.pass(60_000);
      break;
  }
  world.take({ type: 'tick' });
}

/** Gives how many rotations were opened by themselves since. */
function judge(world: World, seen: Set<string>): number {
  const open = openOnes(world);
  let opened = 0;
  for (const rotation of open) {
    const rivals = open.filter((other) => sharesAlg(other, rotation));
    if (rivals.length > 1) throw new Error(`${rivals.length} open for ${rotation.alg}`);
    if (rotation.oldKid === rotation.newKid) throw new Error('from a key to itself');
    if (rotation.origin !== 'observed' || seen.has(rotation.id)) continue;
    seen.add(rotation.id);
    opened += 1;
    if (world.state.issuers.get(rotation.issuer)?.reusedKids.has(rotation.newKid) === true) {
      throw new Error(`opened for the reused kid ${rotation.newKid}`);
    }
  }
  const kept = new Set(world.store.load().rotations.map(({ id }) => id));
  if (open.some(({ id }) => !kept.has(id))) throw new Error('an open rotation is not stored');
  return opened;
}

import assert from 'node:assert/strict';
import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import fc from 'fast-check';
import t from 'tap';
import { NEW, OLD } from '../../support/policies.ts';
import { type Answers, KNOWS, ProbingWorld } from '../../support/probing.ts';

type Act =
  | { readonly act: 'pass'; readonly ms: number; readonly unwatched: boolean }
  | { readonly act: 'serve'; readonly keys: 'both' | 'old' | 'new' }
  | { readonly act: 'fail' }
  | { readonly act: 'order' }
  | { readonly act: 'answer'; readonly answers: Answers }
  | { readonly act: 'report'; readonly keys: 'both' | 'old' }
  | { readonly act: 'reboot' };

const outcome = fc.constantFrom('accepted', 'rejected', 'unreachable', 'unclear', null);
const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    fc.record({
      act: fc.constant('pass' as const),
      ms: fc.integer({ min: 1_000, max: 90_000 }),
      unwatched: fc.boolean(),
    }),
    fc.record({
      act: fc.constant('serve' as const),
      keys: fc.constantFrom('both' as const, 'both' as const, 'old' as const, 'new' as const),
    }),
    fc.record({ act: fc.constant('fail' as const) }),
    { weight: 4, arbitrary: fc.record({ act: fc.constant('order' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        act: fc.constant('answer' as const),
        answers: fc.oneof(fc.constant(KNOWS), fc.tuple(outcome, outcome, outcome)),
      }),
    },
    fc.record({
      act: fc.constant('report' as const),
      keys: fc.constantFrom('both' as const, 'old' as const),
    }),
    fc.record({ act: fc.constant('reboot' as const) }),
  ),
  { minLength: 5, maxLength: 40 },
);

/** Remembers by itself what the collector read last, and when. */
class WatchedWorld extends ProbingWorld {
  read: { readonly kids: readonly string[]; readonly atMs: number } | undefined;

  override sight(keys: readonly KeyRef[] = this.served): void {
    super.sight(keys);
    this.read = { kids: keys.map(({ kid }) => kid), atMs: this.atMs };
  }

  override sightFailure(): void {
    super.sightFailure();
    this.read = undefined;
  }
}

const SETS = { both: [OLD, NEW], old: [OLD], new: [NEW] };

t.test('whatever happens, no probe goes out too early, too often or into trouble', (t) => {
  let granted = 0;
  let verified = 0;
  fc.assert(
    fc.property(acts, (script) => {
      const world = new WatchedWorld({ evidence: 'verified' });
      let lastOrderMs = Number.NEGATIVE_INFINITY;
      let yesAtMs: number | null = null;
      const serve = (keys: 'both' | 'old' | 'new') => {
        world.served = SETS[keys];
        world.sight();
        world.sight();
        world.pass(1_000);
      };
      serve('both');
      for (const step of script) {
        switch (step.act) {
          case 'pass':
            world.pass(step.ms, { unwatched: step.unwatched });
            break;
          case 'serve':
            serve(step.keys);
            break;
          case 'fail':
            world.sightFailure();
            break;
          case 'order': {
            if (world.order() === undefined) break;
            granted += 1;
            assert.deepEqual(world.read?.kids, ['old', 'new'], 'both keys are served');
            assert.ok(world.atMs - world.read.atMs <= 60_000, 'as was read lately');
            assert.ok(world.atMs - lastOrderMs >= 60_000, 'a cooldown after the one before');
            lastOrderMs = world.atMs;
            break;
          }
          case 'answer': {
            const [next, current, bogus] = step.answers;
            const counted = world.answer(step.answers) === '';
            const isYes = next === 'accepted' && current === 'accepted' && bogus === 'rejected';
            if (counted && isYes) yesAtMs = lastOrderMs;
            else if (counted) yesAtMs = null;
            break;
          }
          case 'report':
            world.a.report({ keys: SETS[step.keys] });
            break;
          case 'reboot':
            world.reboot();
            yesAtMs = null;
            break;
        }
        if (world.grade() !== 'verified') continue;
        verified += 1;
        assert.ok(yesAtMs !== null, 'only a full yes verifies: there is no traffic');
        assert.ok(world.atMs < yesAtMs + 900_000, 'and not for ever');
      }
    }),
    { numRuns: 200 },
  );
  t.ok(granted > 0 && verified > 0, `${granted} granted, ${verified} verified: it was tried`);
  t.end();
});

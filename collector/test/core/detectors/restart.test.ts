import fc from 'fast-check';
import t from 'tap';
import { openMemoryStore, emptyMemoryContents } from '../../../src/store/memory.ts';
import { ISSUER, NEW, OLD, policyOf, serviceOf } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

/** What one verifier counts in each second: accepted and refused. */
type Second = readonly [ok: number, unknownKid: number];

/** When it fired, and how high its score was: with and without a kill -9 of the collector. */
function told(seconds: readonly Second[], killAt: number | null): { atS: number; firing: boolean } {
  const world = new World(
    policyOf([serviceOf('orders')]),
    openMemoryStore({ contents: emptyMemoryContents() }),
  );
  world.sight();
  world.sight();
  const boot = 'b'.repeat(32);
  let verifier = world.join('orders', 'i1', { boot });
  verifier.report({ keys: [OLD, NEW] });
  world.pass(60_000);
  let [ok, unknownKid, atS] = [0, 0, -1];
  for (const [second, [more, refused]] of seconds.entries()) {
    world.atMs += 1_000;
    ok += more;
    unknownKid += refused;
    const counts = [{ kid: 'old', outcomes: { ok, unknown_kid: unknownKid } }];
    verifier.report({ keys: [OLD, NEW], counts });
    // What is committed is the report alone: the bin it belongs to is still open.
    if (second === killAt) {
      verifier.crash();
      world.restart({ downMs: 0 });
      verifier = world.join('orders', 'i1', { boot });
      verifier.report({ keys: [OLD, NEW], counts });
    }
    world.take({ type: 'tick' });
    const fires = [...world.state.alerts.values()].some(
      ({ name }) => name === 'VerificationFailures',
    );
    if (fires && atS < 0) atS = second;
  }
  return { atS, firing: world.state.detectors.issuers.get(ISSUER)?.fleet.firing != null };
}

t.test('a kill of the collector at any moment loses no alarm and makes none', async () => {
  const second = fc.tuple(
    fc.integer({ min: 0, max: 60 }),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 }) },
    ),
  );
  fc.assert(
    fc.property(fc.array(second, { minLength: 5, maxLength: 40 }), fc.nat(39), (seconds, kill) => {
      const killAt = kill % seconds.length;
      const [whole, killed] = [told(seconds, null), told(seconds, killAt)];
      return whole.atS === killed.atS && whole.firing === killed.firing;
    }),
    { numRuns: 60 },
  );
});

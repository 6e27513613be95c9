import fc from 'fast-check';
import t from 'tap';
import type { Report } from '@keyturn/shared/model/report.ts';
import { ISSUER, policyOf, serviceOf } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

/** What was ever taken into the issuer's series, by its baseline: failures and tokens. */
function sums(world: World): readonly [number, number] {
  const hours = world.state.detectors.issuers.get(ISSUER)?.fleet.baseline?.hours ?? [];
  let [failures, tokens] = [0, 0];
  for (let at = 0; at < hours.length; at += 2) {
    failures += hours[at] ?? 0;
    tokens += hours[at + 1] ?? 0;
  }
  return [failures, tokens];
}

const more = fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 30 }));
/** For each moment of the network: which report made so far arrives, counted back from the latest. */
const arrivals = fc.array(fc.tuple(fc.boolean(), fc.nat(5)), { maxLength: 40 });

t.test(
  'loss, doubles and order of reports change nothing in what is counted, nor does a new process',
  async () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(more, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 }),
        arrivals,
        (boots, network) => {
          const world = new World(policyOf([serviceOf('orders')]));
          world.sight();
          world.sight();
          world.join('orders', 'other').report();
          world.pass(60_000);
          let expected = 0;
          let turn = 0;
          for (const [at, counted] of boots.entries()) {
            const verifier = world.join('orders', 'i1', { boot: String(at).padStart(32, '0') });
            const made: Report[] = [];
            let [ok, claims] = [0, 0];
            for (const [passed, refused] of counted) {
              ok += passed;
              claims += refused;
              made.push(verifier.make({ counts: [{ kid: 'old', outcomes: { ok, claims } }] }));
              const [arrives, back] = network[turn % Math.max(1, network.length)] ?? [true, 0];
              turn += 1;
              const late = made[Math.max(0, made.length - 1 - back)];
              if (arrives && late !== undefined) {
                verifier.send(late);
                verifier.send(late);
              }
              world.atMs += 1_000;
              world.take({ type: 'tick' });
            }
            const last = made.at(-1);
            if (last !== undefined) verifier.send(last);
            expected += ok + claims;
          }
          world.atMs += 1_000;
          world.take({ type: 'tick' });
          const [failures, tokens] = sums(world);
          return failures === 0 && tokens === expected;
        },
      ),
    );
  },
);

t.test('failures as well', async (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  world.sight();
  world.sight();
  const verifier = world.join('orders');
  verifier.report();
  world.pass(60_000);
  for (const unknownKid of [1, 1, 2, 2]) {
    verifier.report({ counts: [{ kid: 'old', outcomes: { ok: 100, unknown_kid: unknownKid } }] });
    world.atMs += 1_000;
    world.take({ type: 'tick' });
  }
  t.strictSame(sums(world), [2, 102]);
});

import t from 'tap';
import {
  comparisonsOf,
  VERIFIER_COMPARISONS_MAX,
  verifierComparison,
} from '../../../src/core/detectors/comparisons.ts';
import { emptyDetectors } from '../../../src/core/detectors/detectors.ts';
import { watchSeries } from '../../../src/core/detectors/watch-series.ts';
import {
  alertsOf,
  Counting,
  type Counts,
  firing,
  seconds,
  worldOf,
} from '../../support/counting.ts';
import { ISSUER, NEW, OLD, policyOf, serviceOf } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

const NAME = 'NewKeyFailing';

/** Of twenty tokens one is refused for its claims, whatever its key: all that other verifiers see. */
const USUAL: Counts = { ok: 19, claims: 1 };
const BROKEN: Counts = { claims: 12, unclassified: 8 };

/** A rotation is open, and fifty verifiers see tokens of both keys. */
function fifty() {
  const { world, all } = worldOf(50);
  const rotation = begin(world);
  const [bad, ...rest] = all;
  if (bad === undefined) throw new Error('no verifier');
  const run = (n: number, fresh: Counts | null, old = USUAL): void =>
    seconds(world, n, () => {
      for (const one of rest) one.count('old', USUAL).count('new', USUAL).report();
      if (fresh !== null) bad.count('old', old).count('new', fresh).report();
    });
  return { world, rotation, bad, rest, run, labels: `${ISSUER} ${rotation} orders i0 jwks` };
}

function begin(world: World): string {
  world.served = [OLD, NEW];
  const rotation = world.start();
  world.sight();
  world.sight();
  return rotation;
}

const ofVerifiers = (world: World) =>
  [...(world.state.detectors.issuers.get(ISSUER)?.compared.values() ?? [])].flatMap((compared) => [
    ...compared.verifiers.keys(),
  ]);

const onRecord = (world: World) =>
  world.store.load().series.filter(({ id }) => id.startsWith('["verifier"'));

t.test('one verifier of fifty that no key explains has one alert, which names it', async (t) => {
  const { world, rotation, run, labels } = fifty();
  run(40, USUAL);
  t.strictSame(firing(world, NAME), []);
  run(20, BROKEN);
  t.strictSame(firing(world, NAME), [labels]);
  t.strictSame(firing(world), [], 'its failures are not what keys cause');
  const [alert] = alertsOf(world, NAME);
  t.equal(alert?.severity, 'critical');
  t.match(alert?.summary, /at orders\/i0\/jwks: \d+ of \d+ tokens refused/);
  t.match(alert?.summary, /claims \d+, unclassified \d+/);
  const check = world.gate(rotation, 'activate').checks.find(({ id }) => id === 'no_alert');
  t.equal(check?.status, 'fail', 'nobody goes on');
  run(280, USUAL);
  t.strictSame(firing(world, NAME), [labels], 'five minutes are not over');
  run(160, USUAL);
  t.strictSame(firing(world, NAME), [], 'what fails for both keys all the time does not keep it');
});

t.test('what fails for both keys alike is no alert, and not remembered', async (t) => {
  const { world, run } = fifty();
  run(120, BROKEN, BROKEN);
  t.strictSame(firing(world, NAME), []);
  run(60, { ok: 20 }, { ok: 20 });
  t.notOk(ofVerifiers(world).includes('orders/i0/jwks'));
});

/** Two services, of which one is large and as usual. */
function services(pods: number) {
  const world = new World(policyOf([serviceOf('orders'), serviceOf('ledger')]));
  world.sight();
  world.sight();
  const join = (service: string, n: number) =>
    Array.from({ length: n }, (_, i) => new Counting(world.join(service, `p${i}`)));
  const [orders, ledger] = [join('orders', pods), join('ledger', 10)];
  for (const { verifier } of [...orders, ...ledger]) verifier.report({ keys: [OLD, NEW] });
  world.pass(60_000);
  const rotation = begin(world);
  const usual = { ok: 190, claims: 10 };
  const told = new Set<string>();
  const run = (n: number, each: (one: Counting, second: number) => void): void =>
    seconds(world, n, (second) => {
      for (const one of ledger) one.count('old', usual).count('new', usual).report();
      for (const one of orders) each(one, second);
      for (const labels of firing(world, NAME)) told.add(labels);
    });
  return { world, run, told, labels: `${ISSUER} ${rotation} orders` };
}

t.test('a service that fails has an alert of its own, and its verifiers none', async (t) => {
  for (const pods of [1, 3]) {
    const { world, run, told, labels } = services(pods);
    run(120, (one) => one.count('old', { ok: 3 }).count('new', { claims: 3 }).report());
    t.strictSame([...told], [labels], `${pods} of orders`);
    t.match(alertsOf(world, NAME)[0]?.details.join('; '), /verifier orders\/p0\/jwks: \d+ of \d+/);
  }
});

t.test('so too when its few tokens are gathered from other moments on', async (t) => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const below = dice(seed);
    const { run, told, labels } = services(1);
    run(300, (one, second) => {
      const refused = second > 20 ? below(3) : 0;
      if (below(2) === 1) one.count('old', { ok: below(3) });
      if (below(2) === 1) one.count('new', second > 20 ? { claims: refused } : { ok: below(3) });
      one.report();
    });
    t.strictSame(
      [...told].filter((one) => one !== labels),
      [],
      `seed ${seed}`,
    );
  }
});

/** A small linear congruential generator: a whole number below `n`. */
function dice(seed: number): (n: number) => number {
  let at = seed * 7_919;
  return (n) => {
    at = (at * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(at / 65_536) % n;
  };
}

t.test('where all others are well the whole fires, and its alert names the verifier', async (t) => {
  const { world, all } = worldOf(50);
  const rotation = begin(world);
  const told = new Set<string>();
  seconds(world, 40, () => {
    for (const [at, one] of all.entries()) {
      one
        .count('old', { ok: 20 })
        .count('new', at === 7 ? { claims: 20 } : { ok: 20 })
        .report();
    }
    for (const labels of firing(world, NAME)) told.add(labels);
  });
  t.strictSame([...told], [`${ISSUER} ${rotation}`]);
  t.match(alertsOf(world, NAME)[0]?.summary, /nearly all at verifier orders\/i7\/jwks$/);
});

t.test(
  'of a service that is not required its own alert speaks, and not that of the whole',
  async (t) => {
    const world = new World(policyOf([serviceOf('orders'), serviceOf('lab', { required: false })]));
    world.sight();
    world.sight();
    const [orders, lab] = ['orders', 'lab'].map((name) => new Counting(world.join(name)));
    for (const one of [orders, lab]) one?.verifier.report({ keys: [OLD, NEW] });
    world.pass(60_000);
    const rotation = begin(world);
    seconds(world, 30, () => {
      orders?.count('old', { ok: 20 }).count('new', { ok: 10, claims: 10 }).report();
      lab?.count('old', { ok: 20 }).count('new', { claims: 900 }).report();
    });
    t.strictSame(firing(world, NAME).sort(), [
      `${ISSUER} ${rotation}`,
      `${ISSUER} ${rotation} lab`,
    ]);
    const whole = alertsOf(world, NAME).find(({ labels }) => labels.service === undefined);
    t.match(whole?.summary, /nearly all at verifier orders\//);
    t.notMatch(whole?.details.join('; '), /lab/);
  },
);

t.test('a restart of the collector loses nothing of it, before it fires and after', async (t) => {
  for (const [before, after] of [
    [2, 14],
    [20, 1],
  ] as const) {
    const { world, bad, rest, run, labels } = fifty();
    run(before, BROKEN);
    t.equal(firing(world, NAME).length, before > 10 ? 1 : 0);
    const score = () =>
      [...(world.state.detectors.issuers.get(ISSUER)?.compared.values() ?? [])].map(
        ({ verifiers }) => verifiers.get('orders/i0/jwks')?.score,
      );
    const scores = score();
    for (const { verifier } of [bad, ...rest]) verifier.crash();
    world.restart({ downMs: 0 });
    t.strictSame(score(), scores);
    for (const [at, one] of [bad, ...rest].entries()) {
      one.verifier = world.join('orders', `i${at}`, { boot: at.toString(16).padStart(32, '0') });
      one.verifier.report({ keys: [OLD, NEW] });
    }
    run(after, BROKEN);
    t.strictSame(firing(world, NAME), [labels]);
  }
});

t.test('without data it goes on; a goodbye ends it and leaves nothing on record', async (t) => {
  const { world, bad, run, labels } = fifty();
  run(20, BROKEN);
  run(400, null);
  t.strictSame(firing(world, NAME), [labels]);
  t.equal(alertsOf(world, NAME)[0]?.status, 'no_data', 'that all others report says nothing of it');
  t.equal(onRecord(world).length, 1);
  bad.verifier.goodbye();
  run(5, null);
  t.strictSame(firing(world, NAME), []);
  t.strictSame(
    ofVerifiers(world).filter((key) => key === 'orders/i0/jwks'),
    [],
  );
  t.strictSame(onRecord(world), []);
});

t.test('it is not over because everything fails', async (t) => {
  const { world, run, labels } = fifty();
  run(20, BROKEN);
  run(500, BROKEN, BROKEN);
  t.strictSame(firing(world, NAME), [labels]);
});

t.test('its own reports show that it is over, whoever else is silent', async (t) => {
  const { world, bad, run, labels } = fifty();
  run(20, BROKEN);
  t.strictSame(firing(world, NAME), [labels]);
  seconds(world, 440, () => bad.count('old', USUAL).count('new', USUAL).report());
  t.strictSame(firing(world, NAME), []);
});

t.test('when the rotation has ended it stays for five minutes, and nothing else', async (t) => {
  const { world, rotation, run, labels } = fifty();
  run(20, BROKEN);
  world.declare(rotation, 'abort', 'enough');
  run(270, BROKEN);
  t.strictSame(firing(world, NAME), [labels]);
  t.strictSame(ofVerifiers(world), ['orders/i0/jwks'], 'the others are at rest');
  run(90, BROKEN);
  t.strictSame(firing(world, NAME), []);
  t.equal(world.state.detectors.issuers.get(ISSUER)?.compared.size, 0);
  t.strictSame(onRecord(world), []);
});

t.test('at rest there are none, and old-key failures alone make none', async (t) => {
  const { world, all } = worldOf(3);
  begin(world);
  const made = new Set<string>();
  seconds(world, 30, () => {
    for (const one of all) one.count('old', { claims: 5, ok: 5 }).count('new', { ok: 5 }).report();
    for (const key of ofVerifiers(world)) made.add(key);
  });
  t.strictSame([...made], []);
});

t.test('as many as there is room for; the others are counted', async (t) => {
  const { world } = worldOf(1);
  const { detectors } = world.state;
  const of = detectors.issuers.get(ISSUER) ?? t.fail();
  if (typeof of === 'boolean') return;
  const compared = comparisonsOf(of, begin(world), world.atMs);
  if (compared === undefined) throw new Error('no room');
  for (let at = 0; at < VERIFIER_COMPARISONS_MAX + 3; at += 1) {
    const verifier = { key: `orders/v${at}/jwks`, service: 'orders' };
    verifierComparison(detectors, of, compared, verifier, world.atMs);
  }
  t.equal(compared.verifiers.size, VERIFIER_COMPARISONS_MAX);
  t.equal(detectors.dropped, 3);
  t.equal(of.comparisons.size, 2, 'they raise no threshold but their own');
  watchSeries(world.state, { atMs: world.atMs + 1_000, earliestMs: world.atMs + 1_000 }, []);
  t.equal(compared.verifiers.size, 0, 'who is not known any more is not compared');
  t.equal(emptyDetectors([ISSUER], 0).dropped, 0);
});

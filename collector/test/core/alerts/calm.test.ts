import t from 'tap';
import { NEW, OLD, policyOf, profileOf, serviceOf } from '../../support/policies.ts';
import { rotating } from '../../support/rotating.ts';
import { World } from '../../support/world.ts';

/** What ever became of an alert in this world, however short. */
function raised(world: World): readonly string[] {
  return [...world.state.alerts.values()].map(({ name, summary }) => `${name}: ${summary}`);
}

t.test('a rotation in which all goes well raises nothing, from start to end', async (t) => {
  const { world, id, a, b } = rotating({ until: 'switched' });
  const iatS = world.atMs / 1_000;
  t.same(raised(world), []);
  for (let minute = 0; minute < 12; minute += 1) {
    world.pass(60_000);
    for (const verifier of [a, b]) {
      verifier.report({
        keys: [OLD, NEW],
        counts: [
          {
            kid: 'old',
            outcomes: { ok: 10 + Math.min(minute, 8) },
            iatS: iatS - 60,
            lifetimeS: 300,
          },
          {
            kid: 'new',
            outcomes: { ok: 1 + 10 * minute },
            iatS: iatS + minute * 60,
            lifetimeS: 300,
          },
        ],
      });
    }
  }
  t.same(raised(world), [], 'old tokens drain');
  t.ok(world.declare(id, 'retire').ok);
  world.served = [NEW];
  world.pass(60_000);
  for (const verifier of [a, b]) verifier.report({ ...verifier.said, keys: [NEW] });
  world.pass(120_000);
  t.ok(world.declare(id, 'complete').ok);
  world.pass(3_600_000);
  t.same(raised(world), []);
});

t.test('a day of deploys, restarts and idle nights raises nothing', async (t) => {
  const orders = serviceOf('orders', { instances: 2, instancesMax: 3 });
  // Reads its cache when it is used, so that it grows old while nobody uses it.
  const batch = serviceOf('batch', { profile: profileOf({ refreshS: 60 }) });
  const world = new World(policyOf([orders, batch]));
  world.sight();
  for (const instance of ['a', 'b']) world.join('orders', instance).report({});
  world.join('batch').report({});
  for (let hour = 1; hour <= 24; hour += 1) {
    world.pass(600_000);
    // A rolling deploy: the next one comes before the last one goes.
    const [oldest] = world.verifiers.filter(({ name }) => name.startsWith('orders'));
    world.join('orders', `deploy-${hour}`).report({});
    world.pass(30_000);
    oldest?.goodbye();
    const idle = world.verifiers.find(({ name }) => name.startsWith('batch'));
    idle?.report({ dataAgeMs: hour * 3_600_000 });
    if (hour % 8 === 0) {
      world.restart();
      const alive = world.verifiers.splice(0).map(({ name, said }) => ({ name, said }));
      for (const { name, said } of alive) {
        const [service = '', instance = ''] = name.split('/');
        world.join(service, instance).report(said);
      }
    }
  }
  t.same(raised(world), []);
});

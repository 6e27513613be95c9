import t from 'tap';
import { CANARY_AUDIENCE } from '@keyturn/shared/model/probe.ts';
import {
  alertsOf,
  Counting,
  type Counts,
  firing,
  seconds,
  worldOf,
} from '../../support/counting.ts';
import { ISSUER, issuerOf, NEW, OLD, policyOf, serviceOf } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

t.test('a broken cutover is found in seconds, by one alert that names the cause', async (t) => {
  const { world, all } = worldOf();
  world.served = [OLD, NEW];
  const rotation = world.start();
  world.sight();
  world.sight();
  let foundAfter = -1;
  seconds(world, 30, (second) => {
    for (const [at, one] of all.entries()) {
      one.count('old', { ok: 20 });
      if (at === 0) one.count('new', { unknown_kid: 5 });
      else one.count('new', { ok: 5 });
      one.report();
    }
    if (foundAfter < 0 && firing(world).length > 0) foundAfter = second;
  });
  t.ok(foundAfter >= 0 && foundAfter <= 3, `found after ${foundAfter} s`);
  t.strictSame(firing(world), [`${ISSUER} ${rotation}`]);
  const [alert] = alertsOf(world);
  t.match(alert?.summary, /unknown_kid \d+/);
  t.match(alert?.summary, /nearly all of the next key, nearly all at verifier orders\/i0\/jwks/);
  t.ok(alert?.details.some((line) => line.startsWith('verifier orders/i0/jwks: ')));
  t.equal(alert?.severity, 'critical');
  t.strictSame(firing(world, 'NewKeyFailing'), [`${ISSUER} ${rotation}`]);
});

t.test('it ends when tokens pass again, and not while verifiers are silent', async (t) => {
  const { world, all } = worldOf(2);
  const run = (n: number, counts: Counts, who = all) =>
    seconds(world, n, () => {
      for (const one of who) one.count('old', counts).report();
    });
  run(5, { ok: 20, unknown_kid: 5 });
  t.equal(alertsOf(world)[0]?.status, 'firing');
  run(400, { ok: 20 }, all.slice(1));
  t.equal(alertsOf(world)[0]?.status, 'no_data', 'half of the verifiers are silent');
  run(1_000, { ok: 20 }, all.slice(1));
  t.equal(alertsOf(world)[0]?.status, 'no_data', 'for as long as it takes');
  run(295, { ok: 20 });
  t.equal(firing(world).length, 1, 'five minutes are not over');
  run(10, { ok: 20 });
  t.equal(alertsOf(world)[0]?.status, 'resolved');
});

const QUIET: readonly (readonly [what: string, kid: string | null | undefined, counts: Counts])[] =
  [
    ['kids nobody published', 'invented', { unknown_kid: 50 }],
    ['kids that did not fit the table', undefined, { unknown_kid: 50 }],
    ['tokens without kid where none was ever accepted', null, { bad_signature: 50 }],
    ['forged signatures outside a rotation', 'old', { ok: 5, bad_signature: 50 }],
    ['expired tokens', 'old', { ok: 5, expired: 50, unknown_kid_expired_token: 50 }],
    ['claims', 'old', { ok: 5, claims: 50 }],
    ['garbage', 'old', { ok: 5, malformed: 50 }],
  ];

for (const [what, kid, counts] of QUIET) {
  t.test(`${what}: no page`, async (t) => {
    const { world, all } = worldOf();
    seconds(world, 120, () => {
      for (const one of all) one.count('old', { ok: 10 }).count(kid, counts).report();
    });
    t.strictSame(firing(world), []);
    const isForeign = kid === 'invented' || kid === undefined || kid === null;
    t.equal(firing(world, 'ForeignKidFlood').length, isForeign ? 1 : 0);
  });
}

t.test('tokens without kid count where the issuer has such tokens', async (t) => {
  const { world, all } = worldOf();
  seconds(world, 10, () => {
    for (const one of all) one.count(null, { ok: 10, jwks_unavailable: 2 }).report();
  });
  t.equal(firing(world).length, 1);
});

t.test('a signature that does not fit counts while a rotation names its key', async (t) => {
  const { world, all } = worldOf();
  world.served = [OLD, NEW];
  world.start();
  world.sight();
  world.sight();
  seconds(world, 10, () => {
    for (const one of all) one.count('new', { ok: 10, bad_signature: 2 }).report();
  });
  t.equal(firing(world).length, 1);
});

t.test(
  'a signer faster than its JWKS: what was refused counts once the kid is known',
  async (t) => {
    const { world, all } = worldOf();
    seconds(world, 20, () => {
      for (const one of all) one.count('old', { ok: 10 }).count('new', { unknown_kid: 2 }).report();
    });
    t.strictSame(firing(world), [], 'it may be anybody’s');
    world.served = [OLD, NEW];
    world.sight();
    seconds(world, 2, () => undefined);
    t.equal(firing(world).length, 1);
  },
);

t.test(
  'the tail of expired tokens after a retirement does not page; one retired too early does',
  async (t) => {
    for (const [agoS, pages] of [
      [4_000, false],
      [60, true],
    ] as const) {
      const { world } = worldOf();
      // It cannot look into tokens, so every refusal is an unknown kid.
      const one = new Counting(world.join('legacy', 'i1', { source: 'pushed' }));
      one.verifier.report({ keys: [OLD, NEW] });
      world.served = [OLD, NEW];
      world.sight();
      world.sight();
      const iatS = Math.floor(world.atMs / 1_000);
      one.verifier.report({
        keys: [OLD, NEW],
        counts: [{ kid: 'old', outcomes: { ok: 1 }, iatS, expS: iatS + 600, lifetimeS: 600 }],
      });
      one.count('old', { ok: 1 });
      world.pass(agoS * 1_000);
      world.served = [NEW];
      world.sight();
      world.sight();
      seconds(world, 60, () =>
        one.count('new', { ok: 10 }).count('old', { unknown_kid: 3 }).report(),
      );
      t.equal(firing(world).length > 0, pages, `withdrawn ${agoS} s after the last token`);
    }
  },
);

t.test('canaries that a verifier counts are no failures of users', async (t) => {
  const canary = { audience: CANARY_AUDIENCE, apartMs: 60_000, rate: 1 };
  const policy = policyOf([], {
    issuers: new Map([[ISSUER, issuerOf({ canary: canary as never })]]),
  });
  const world = new World(policy);
  world.sight();
  world.sight();
  const one = new Counting(world.join('orders', 'i1', { source: 'pushed' }));
  one.report();
  world.pass(60_000);
  const probed = [...world.state.fleet.verifiers.values()][0];
  seconds(world, 600, (second) => {
    if (second % 60 === 0) {
      if (probed !== undefined) probed.probedAtMs = world.atMs;
      one.count('old', { ok: 1, unknown_kid: 1 });
    }
    one.report();
  });
  t.strictSame(firing(world), []);
});

t.test(
  'who is heard of first after a start of the collector brings history, not news',
  async (t) => {
    const world = new World(policyOf([serviceOf('orders')]));
    world.sight();
    world.sight();
    const one = new Counting(world.join('orders'));
    one.count('old', { ok: 500, unknown_kid: 400 }).report();
    seconds(world, 60, () => one.report());
    t.strictSame(firing(world), []);
    // A pod that starts later and cannot verify anything is news.
    const pod = new Counting(world.join('orders', 'i2'));
    pod.count('old', { unknown_kid: 40 }).report();
    seconds(world, 2, () => pod.report());
    t.equal(firing(world).length, 1);
  },
);

t.test(
  'failures from before the end of an alert, reported late, do not begin it anew',
  async (t) => {
    const { world, all } = worldOf(11);
    const [late, ...rest] = all;
    const run = (n: number, counts: Counts) =>
      seconds(world, n, () => {
        for (const one of rest) one.count('old', counts).report();
      });
    for (const one of all) one.report();
    run(5, { ok: 20, unknown_kid: 5 });
    t.equal(firing(world).length, 1);
    run(400, { ok: 20 });
    t.strictSame(firing(world), [], 'ten of eleven verifiers show that it is over');
    late?.count('old', { ok: 20, unknown_kid: 60 }).report();
    run(3, { ok: 20 });
    t.strictSame(firing(world), []);
    late?.count('old', { unknown_kid: 60 }).report();
    run(3, { ok: 20 });
    t.ok(firing(world).length > 0, 'what happens now is news');
  },
);

t.test(
  'one verifier among many has an alert of its own, which goes on when more fail',
  async (t) => {
    const { world, all } = worldOf(10);
    const [bad] = all;
    // Rates below what is looked for in the whole, far above it in the one.
    seconds(world, 300, (second) => {
      for (const one of all) {
        one.count('old', { ok: 100 });
        if (one === bad && second % 2 === 0) one.count('old', { unknown_kid: 1 });
        one.report();
      }
    });
    t.ok(
      firing(world).some((labels) => labels === `${ISSUER} orders i0 jwks`),
      firing(world).join('; '),
    );
    const before = firing(world);
    seconds(world, 20, () => {
      for (const one of all) one.count('old', { ok: 100, unknown_kid: 20 }).report();
    });
    t.ok(firing(world).includes(ISSUER));
    for (const labels of before) t.ok(firing(world).includes(labels), `${labels} goes on`);
    seconds(world, 900, () => {
      for (const one of all) one.count('old', { ok: 100 }).report();
    });
    t.strictSame(firing(world), [], 'and each ends');
  },
);

t.test('what only fires after going back ends when nobody presents such tokens', async (t) => {
  const { world, all } = worldOf();
  world.served = [OLD, NEW];
  const rotation = world.start();
  world.sight();
  world.sight();
  const run = (n: number, fresh: Counts | undefined) =>
    seconds(world, n, () => {
      for (const one of all) {
        one.count('old', { ok: 20 });
        if (fresh !== undefined) one.count('new', fresh);
        one.report();
      }
    });
  run(5, { ok: 5 });
  world.declare(rotation, 'activate', 'by mistake');
  run(1, { ok: 4, unknown_kid: 1 });
  world.declare(rotation, 'rollback');
  run(20, { unknown_kid: 5 });
  t.strictSame(firing(world, 'NewKeyFailing'), [`${ISSUER} ${rotation}`], 'the last of its tokens');
  const told = new Set<string>();
  for (let second = 0; second < 400; second += 1) {
    run(1, undefined);
    for (const labels of firing(world, 'NewKeyFailing')) told.add(labels);
  }
  t.strictSame([...told], [`${ISSUER} ${rotation}`], 'and of the whole alone');
  t.strictSame(firing(world, 'NewKeyFailing'), []);
});

t.test('a service that was taken out of use does not fire for ever', async (t) => {
  const { world, all } = worldOf();
  const ledger = [
    new Counting(world.join('ledger', 'l0')),
    new Counting(world.join('ledger', 'l1')),
  ];
  const LEDGER = `${ISSUER} ledger`;
  // Elsewhere there are so many tokens that the whole is as usual.
  const run = (n: number, each: () => void) =>
    seconds(world, n, () => {
      for (const one of all) one.count('old', { ok: 50_000 }).report();
      each();
    });
  run(10, () => {
    for (const one of ledger) one.count('old', { ok: 10, unknown_kid: 5 }).report();
  });
  t.strictSame(firing(world), [LEDGER]);
  const [first, second] = ledger;
  first?.verifier.goodbye();
  run(400, () => undefined);
  t.strictSame(firing(world), [LEDGER], 'the other one is silent, and may fail still');
  second?.verifier.goodbye();
  run(60, () => undefined);
  t.strictSame(firing(world), [LEDGER], 'a goodbye may be that of a restart');
  const back = new Counting(world.join('ledger', 'l2'));
  back.count('old', { ok: 10, unknown_kid: 5 }).report();
  run(30, () => back.count('old', { ok: 10, unknown_kid: 5 }).report());
  back.verifier.goodbye();
  run(260, () => undefined);
  t.strictSame(firing(world), [LEDGER], 'the time begins anew');
  run(60, () => undefined);
  t.strictSame(firing(world), []);
});

t.test('of a declared service that said goodbye, an end is awaited', async (t) => {
  const { world, all } = worldOf();
  seconds(world, 10, () => {
    for (const one of all) one.count('old', { ok: 10, unknown_kid: 5 }).report();
  });
  for (const one of all) one.verifier.goodbye();
  seconds(world, 700, () => undefined);
  t.equal(alertsOf(world)[0]?.status, 'no_data');
});

t.test('an optional service that fails has its own alert, and shuts nothing', async (t) => {
  const world = new World(
    policyOf([serviceOf('orders', { instances: 1 }), serviceOf('lab', { required: false })]),
  );
  world.sight();
  world.sight();
  const orders = new Counting(world.join('orders', 'o'));
  const lab = new Counting(world.join('lab', 'l'));
  for (const { verifier } of [orders, lab]) verifier.report({ keys: [OLD, NEW] });
  world.pass(60_000);
  world.served = [OLD, NEW];
  const id = world.start();
  world.sight();
  world.sight();
  seconds(world, 30, () => {
    orders.count('old', { ok: 20 }).count('new', { ok: 5 }).report();
    lab.count('old', { ok: 20 }).count('new', { unknown_kid: 20 }).report();
  });
  t.strictSame(firing(world), [`${ISSUER} ${id} lab`]);
  t.strictSame(firing(world, 'NewKeyFailing'), [`${ISSUER} ${id} lab`]);
  const check = world.gate(id, 'activate').checks.find((one) => one.id === 'no_alert');
  t.equal(check?.status, 'pass');
});

t.test('of a verifier that is long over, nothing stays on record', async (t) => {
  const { world, all } = worldOf();
  const onRecord = () => world.store.load().series.filter(({ id }) => id.includes('"verifier"'));
  seconds(world, 10, () => {
    for (const one of all) one.count('old', { ok: 20, unknown_kid: 5 }).report();
  });
  t.equal(onRecord().length, 2);
  for (let minute = 0; minute < 80; minute += 1) {
    world.atMs += 45_000;
    for (const one of all) one.count('old', { ok: 900 }).report();
    world.sight();
    world.take({ type: 'tick' });
  }
  t.strictSame(firing(world), []);
  for (let minute = 0; minute < 30; minute += 1) {
    world.atMs += 45_000;
    for (const one of all) one.count('old', { ok: 900 }).report();
    world.sight();
    world.take({ type: 'tick' });
  }
  t.strictSame(onRecord(), []);
});

t.test(
  'a rotation that is given up and started anew keeps what fires for five minutes',
  async (t) => {
    const { world, all } = worldOf();
    world.served = [OLD, NEW];
    const first = world.start();
    world.sight();
    world.sight();
    seconds(world, 30, () => {
      for (const one of all) {
        one.count('old', { ok: 20 }).count('new', { ok: 10, claims: 10 }).report();
      }
    });
    const alert = [`${ISSUER} ${first}`];
    t.strictSame(firing(world, 'NewKeyFailing'), alert);
    world.declare(first, 'abort', 'the test says so');
    const second = world.start();
    const calm = (n: number) =>
      seconds(world, n, () => {
        for (const one of all) one.count('old', { ok: 20 }).report();
      });
    calm(5);
    t.strictSame(firing(world, 'NewKeyFailing'), alert);
    const check = () => world.gate(second, 'activate').checks.find(({ id }) => id === 'no_alert');
    t.equal(check()?.status, 'fail');
    calm(270);
    t.equal(check()?.status, 'fail');
    calm(60);
    t.strictSame(firing(world, 'NewKeyFailing'), []);
    t.equal(check()?.status, 'pass');
  },
);

t.test('each sentence speaks of its own part', async (t) => {
  const world = new World(
    policyOf([serviceOf('orders', { instances: 1 }), serviceOf('lab', { required: false })]),
  );
  world.sight();
  world.sight();
  const [orders, lab, few, many] = ['orders', 'lab', 'few', 'many'].map(
    (service) => new Counting(world.join(service)),
  );
  for (const one of [orders, lab, few, many]) one?.verifier.report({ keys: [OLD, NEW] });
  world.pass(60_000);
  const run = (ok: number) =>
    seconds(world, 30, () => {
      orders?.count('old', { ok }).report();
      few?.count('old', { ok: 50, unknown_kid: 2 }).report();
      many?.count('old', { ok: 50, unknown_kid: 20 }).report();
      lab?.count('old', { ok: 50, unknown_kid: 50 }).report();
    });
  const summaryOf = (service?: string) =>
    alertsOf(world).find(({ labels }) => labels.service === service)?.summary;
  // So many tokens pass that the whole is as usual.
  run(500_000);
  t.match(summaryOf('few'), /nearly all at verifier few/);
  t.match(summaryOf('many'), /nearly all at verifier many/);
  t.match(summaryOf('lab'), /nearly all at verifier lab/);

  for (const one of [few, many]) one?.verifier.goodbye();
  const whole = new Counting(world.join('orders', 'i2'));
  seconds(world, 60, () => {
    whole.count('old', { unknown_kid: 9_000 }).report();
    lab?.count('old', { ok: 50, unknown_kid: 90_000 }).report();
  });
  t.match(summaryOf(), /nearly all at verifier orders\/i2/);
  const details = alertsOf(world).find(({ labels }) => labels.service === undefined)?.details;
  t.notOk(details?.some((line) => line.includes('lab')));
});

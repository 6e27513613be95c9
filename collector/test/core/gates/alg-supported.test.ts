import fc from 'fast-check';
import t from 'tap';
import { reading } from '../../support/reading.ts';
import { algsText, oldAlgOf, sharesAlg } from '../../../src/core/alg.ts';
import { keyOf, NEW, OLD, policyOf, profileOf, serviceOf } from '../../support/policies.ts';
import type { ServicePolicy } from '../../../src/core/policy.ts';
import type { TestVerifier } from '../../support/world.ts';
import { blockers, checkOf, World } from '../../support/world.ts';

const EC_NEW = { ...NEW, alg: 'ES256' };

/** One service of a profile, heard, and a rotation of `old` to an ES256 key that is published. */
function changing(part: Parameters<typeof profileOf>[0], required = true) {
  const world = new World(
    policyOf([
      serviceOf('orders', { profile: profileOf({ id: 'kind', ...part }), required }),
      serviceOf('other', { profile: profileOf({ algs: ['RS256', 'ES256'] }) }),
    ]),
  );
  world.sight();
  world.sight();
  const a = world.join('orders', 'a');
  const other = world.join('other', 'b');
  for (const verifier of [a, other]) verifier.report({ keys: [OLD] });
  world.pass(60_000);
  const id = world.start({ alg: 'ES256', oldKid: 'old' });
  const publish = () => {
    world.served = [OLD, EC_NEW];
    world.pass(30_000);
    for (const verifier of [a, other]) verifier.report({ keys: [OLD, EC_NEW] });
  };
  return { world, id, a, other, publish };
}

t.test(
  'a service that does not take the new algorithm keeps publish and activate shut',
  async (t) => {
    const { world, id, publish } = changing({ algs: ['RS256'], unknownKeySpoilsSet: true });
    const check = checkOf(world.gate(id, 'publish'), 'alg_supported');
    t.match(check, {
      status: 'fail',
      class: 'policy',
      message: /changes \(RS256 -> ES256\), and 1 service would refuse ES256/,
      help: /overrides\.algs/,
    });
    t.match(check.offenders, [
      {
        service: 'orders',
        state: 'alg_refused',
        detail: /kind accepts RS256; .* makes it refuse every key/,
      },
    ]);
    publish();
    t.same(blockers(world.gate(id, 'activate')), ['alg_supported:fail']);
  },
);

t.test('where nobody said, it is not known', async (t) => {
  const { world, id, publish } = changing({ algs: null, unknownKeySpoilsSet: null });
  const check = checkOf(world.gate(id, 'publish'), 'alg_supported');
  t.match(check, { status: 'unknown', help: /overrides\.algs/ });
  t.match(check.offenders, [{ service: 'orders', state: 'alg_unknown', detail: /not known/ }]);
  publish();
  t.equal(world.gate(id, 'activate').status, 'unknown');
});

t.test(
  'a service that takes it opens the way, and one that need not be asked does too',
  async (t) => {
    const taking = changing({ algs: ['RS256', 'ES256'] });
    t.equal(taking.world.gate(taking.id, 'publish').status, 'open');
    taking.publish();
    t.equal(taking.world.gate(taking.id, 'activate').status, 'open');
    const optional = changing({ algs: ['RS256'] }, false);
    t.equal(optional.world.gate(optional.id, 'publish').status, 'open');
  },
);

t.test('every verifier that accepted a token of the new key outweighs the profile', async (t) => {
  const { world, id, a, publish } = changing({ algs: null });
  publish();
  const atMs = world.atMs / 1_000;
  a.report({
    keys: [OLD, EC_NEW],
    counts: [{ kid: 'new', outcomes: { ok: 1 }, iatS: atMs, lifetimeS: 60 }],
  });
  t.match(checkOf(world.gate(id, 'activate'), 'alg_supported'), { status: 'pass' });
  const b = world.join('orders', 'b');
  b.report({ keys: [OLD, EC_NEW] });
  t.match(
    checkOf(world.gate(id, 'activate'), 'alg_supported'),
    { status: 'unknown' },
    'one that only holds the key may still refuse its tokens',
  );
});

t.test('the same algorithm asks nothing of anybody', async (t) => {
  const world = new World(policyOf([serviceOf('orders', { profile: profileOf({ algs: null }) })]));
  world.sight();
  world.sight();
  world.join('orders', 'a').report({ keys: [OLD] });
  world.pass(60_000);
  const id = world.start();
  t.match(checkOf(world.gate(id, 'publish'), 'alg_supported'), { status: 'pass' });
});

t.test('both algorithms of a rotation are taken: no other may touch either', async (t) => {
  const { world } = changing({ algs: ['ES256'] });
  const ec = (kid: string) => ({ ...keyOf(kid), alg: 'ES256' });
  world.sight([OLD, EC_NEW, ec('ec-1'), keyOf('rs-2'), { ...keyOf('ps-1'), alg: 'PS256' }]);
  const start = (alg: string, oldKid: string) =>
    world.act({
      type: 'start',
      id: `other-${alg}-${oldKid}`,
      by: 'tester',
      issuer: 'https://issuer.test',
      alg,
      oldKid,
      newKid: `to-${oldKid}`,
      newThumbprint: null,
    });
  for (const [alg, oldKid] of [
    ['ES256', 'ec-1'],
    ['RS256', 'rs-2'],
    ['PS256', 'rs-2'],
    ['EdDSA', 'ec-1'],
    ['ES256', 'ps-1'],
  ] as const) {
    t.match(start(alg, oldKid), { ok: false, refusal: { code: 'conflict' } }, `${oldKid} ${alg}`);
  }
  t.match(start('PS256', 'ps-1'), { ok: true });
});

t.test('a key that names no algorithm', async (t) => {
  t.equal(oldAlgOf('', 'RS256'), 'RS256');
  t.equal(oldAlgOf('', 'PS256'), '', 'it may have signed RS256');
  t.equal(oldAlgOf('', 'ES256'), '');
  t.equal(oldAlgOf('ES256', 'RS256'), 'ES256');
  t.equal(algsText({ alg: 'PS256', oldAlg: '' }), '? -> PS256');
});

t.test('sharing an algorithm is mutual, and not knowing is shared with nobody', async () => {
  const alg = fc.constantFrom('', 'RS256', 'PS256', 'ES256', 'EdDSA');
  const algs = fc.record({ alg, oldAlg: alg });
  fc.assert(
    fc.property(algs, algs, (one, other) => {
      const both = [one.alg, one.oldAlg].filter((a) => a !== '');
      const expected = both.some((a) => a === other.alg || a === other.oldAlg);
      return sharesAlg(one, other) === expected && sharesAlg(other, one) === expected;
    }),
  );
});

t.test('what a person reads of a change of algorithm', async (t) => {
  const words = (part: Parameters<typeof profileOf>[0]) => {
    const { world, id } = changing(part);
    return reading(world.gate(id, 'publish'), ['alg_supported']);
  };
  const help = 'under services[].overrides.algs in the collector settings';
  const refused = `fail policy alg_supported: the algorithm changes (RS256 -> ES256), and 1 service would refuse ES256 | since 00:01:00Z | help: let those services accept ES256, then say so ${help}`;
  const asked = `unknown policy alg_supported: the algorithm changes (RS256 -> ES256), and nobody said whether 1 service would accept ES256 | since 00:01:00Z | help: say which algorithms they accept ${help}`;
  t.same(words({ algs: ['RS256', 'PS256'], unknownKeySpoilsSet: false }), [
    refused,
    '  orders alg_refused: profile kind accepts RS256, PS256',
  ]);
  t.same(words({ id: '', algs: ['RS256'], unknownKeySpoilsSet: true }), [
    refused,
    '  orders alg_refused: this service accepts RS256; a key for ES256 that it does not understand makes it refuse every key',
  ]);
  t.same(words({ algs: null, unknownKeySpoilsSet: null }), [
    asked,
    '  orders alg_unknown: which algorithms profile kind accepts is not known; whether a key for ES256 spoils its whole key set is not known',
  ]);
  t.same(words({ id: '', algs: null, unknownKeySpoilsSet: false }), [
    asked,
    '  orders alg_unknown: which algorithms this service accepts is not known',
  ]);
  t.same(words({ algs: ['ES256'] }), ['pass policy alg_supported: every service accepts ES256']);
});

/** `status` of the check once some verifiers of the changed service accepted tokens of the new key. */
function proven(
  part: Partial<ServicePolicy>,
  given: (service: { join: World['join']; accept: (verifier: TestVerifier) => void }) => void,
) {
  const orders = serviceOf('orders', { profile: profileOf({ algs: null }), ...part });
  const world = new World(policyOf([orders]));
  world.sight();
  world.sight();
  world.pass(60_000);
  const id = world.start({ alg: 'ES256', oldKid: 'old' });
  world.served = [OLD, EC_NEW];
  world.pass(30_000);
  const counts = [{ kid: 'new', outcomes: { ok: 1 }, iatS: world.atMs / 1_000, lifetimeS: 60 }];
  given({
    join: world.join.bind(world),
    accept: (verifier) => void verifier.report({ keys: [OLD, EC_NEW], counts }),
  });
  return checkOf(world.gate(id, 'activate'), 'alg_supported').status;
}

t.test('who speaks for a service that accepted a token of the new key', async (t) => {
  type Given = Parameters<typeof proven>[1];
  const one: Given = ({ join, accept }) => accept(join('orders', 'a'));
  const both: Given = ({ join, accept }) => {
    for (const name of ['a', 'b']) accept(join('orders', name));
  };
  const doubled: Given = ({ join, accept }) => {
    const first = join('orders', 'a');
    accept(join('orders', 'a'));
    accept(first);
  };
  const rows: readonly [string, Partial<ServicePolicy>, Given, string][] = [
    ['the one of it', {}, one, 'pass'],
    ['all there are, of an unknown number', { instances: null }, one, 'pass'],
    ['one of two', { instances: 2 }, one, 'unknown'],
    ['both', { instances: 2 }, both, 'pass'],
    ['two processes under one name', {}, doubled, 'unknown'],
    ['nobody, where none is expected', { instances: 0 }, () => undefined, 'unknown'],
    ['one, where nobody hears them all', { instances: null, evidence: 'timed' }, one, 'unknown'],
    ['all, where time would do', { instances: 2, evidence: 'timed' }, both, 'pass'],
  ];
  for (const [name, part, given, status] of rows) t.equal(proven(part, given), status, name);
});

t.test('what a person reads where the algorithm stays', async (t) => {
  const world = new World(policyOf([serviceOf('orders', { profile: profileOf({ algs: null }) })]));
  world.sight();
  const id = world.start();
  t.same(reading(world.gate(id, 'publish'), ['alg_supported']), [
    'pass policy alg_supported: the algorithm stays RS256',
  ]);
});

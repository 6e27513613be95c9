import fc from 'fast-check';
import t from 'tap';
import { NEW, OLD, serviceOf } from '../../support/policies.ts';
import type { RotatingOptions } from '../../support/rotating.ts';
import { rotating } from '../../support/rotating.ts';
import type { World } from '../../support/world.ts';
import { blockers, checkOf } from '../../support/world.ts';

const STABLE_MS = 45_000;
const BOTH = { keys: [OLD, NEW] };
const LACKING = { keys: [OLD] };

function steady(options: RotatingOptions = {}) {
  return rotating({ ...options, policy: { ...options.policy, stableForMs: STABLE_MS } });
}

function stableOf(world: World, id: string) {
  return checkOf(world.gate(id, 'activate'), 'stable');
}

t.test('activate opens when everything has passed for long enough, and says when', async (t) => {
  const { world, id } = steady();
  const sinceMs = world.atMs;
  const verdict = world.gate(id, 'activate');
  t.same(blockers(verdict), ['stable:fail']);
  t.match(checkOf(verdict, 'stable'), { class: 'time', sinceMs, clearsAtMs: sinceMs + STABLE_MS });
  t.equal(verdict.clearsAtMs, sinceMs + STABLE_MS);
  world.pass(STABLE_MS - 1);
  t.equal(world.gate(id, 'activate').status, 'closed');
  world.pass(1);
  t.equal(world.gate(id, 'activate').status, 'open');
  t.ok(
    world.act({ type: 'declare', by: 'ci', rotationId: id, step: 'activate', overrideReason: null })
      .ok,
  );
});

t.test('a wall clock that steps back delays it', async (t) => {
  const { world, id } = steady();
  world.gate(id, 'activate');
  world.pass(STABLE_MS);
  world.stepWall(-1_000);
  t.same(blockers(world.gate(id, 'activate')), ['stable:fail']);
});

t.test('what is in the way decides how it is told', async (t) => {
  const lagging = steady({ until: 'published' });
  t.match(stableOf(lagging.world, lagging.id), { status: 'pass', message: /have to pass first/ });
  t.same(blockers(lagging.world.gate(lagging.id, 'activate')), ['new_key_known:fail']);
  const silent = steady();
  silent.world.pass(60_000, { silent: ['orders/b'] });
  t.equal(silent.world.gate(silent.id, 'activate').status, 'unknown', 'not closed by it');
});

t.test('the end of a wait by time has the stability after it', async (t) => {
  const timed = serviceOf('phones', { instances: null, evidence: 'timed' });
  const { world, id } = steady({ services: [timed] });
  const elapsed = checkOf(world.gate(id, 'activate'), 'time_elapsed');
  t.equal(elapsed.status, 'fail');
  t.equal(world.gate(id, 'activate').clearsAtMs, (elapsed.clearsAtMs ?? 0) + STABLE_MS);
});

/** Things that break what held and mend it at once, with no evaluation asked for in between. */
const BREAKS: Readonly<Record<string, (rotation: ReturnType<typeof steady>) => void>> = {
  'a verifier that lost the key and has it again': ({ a }) => {
    a.report(LACKING);
    a.report(BOTH);
  },
  'a fetch that failed': ({ world }) => {
    world.sightFailure();
    world.sight();
  },
  'an edge that served the old set once': ({ world }) => {
    world.sight([OLD]);
    world.sight();
    world.sight();
  },
  'a newcomer with the old set': ({ world }) => {
    const c = world.join('orders', 'c');
    c.report(LACKING);
    c.report(BOTH);
  },
  'a newcomer that left before it said anything': ({ world }) => {
    world.join('orders', 'c').goodbye();
  },
  'an instance that was replaced': ({ world, b }) => {
    b.goodbye();
    world.join('orders', 'c').report(BOTH);
  },
  'a store that refused writes': ({ world }) => {
    world.take({ type: 'store_health', failing: true });
    world.take({ type: 'store_health', failing: false });
  },
  'a lease that ended a moment before the next report': ({ world, b }) => {
    world.pass(15_000, { silent: ['orders/b'] });
    world.atMs += 45_000;
    world.verifiers[0]?.report(BOTH);
    b.report(BOTH);
  },
  'a JWKS that went unread for too long': ({ world, a, b }) => {
    world.pass(45_000, { unwatched: true });
    world.atMs += 30_000;
    for (const verifier of [a, b]) verifier.report(BOTH);
    world.sight();
  },
  'a restart': ({ world }) => {
    world.restart({ downMs: 1_000 });
    for (const instance of ['a', 'b']) world.join('orders', instance).report(BOTH);
    world.sight();
    world.sight();
  },
  'a pause of the collector': ({ world, a, b }) => {
    world.take({ type: 'paused' });
    for (const verifier of [a, b]) verifier.report(BOTH);
    world.sight();
    world.sight();
  },
};

for (const [name, breakIt] of Object.entries(BREAKS)) {
  t.test(`begins anew after ${name}`, async (t) => {
    const rotation = steady();
    const { world, id } = rotation;
    world.gate(id, 'activate');
    world.pass(STABLE_MS);
    t.equal(world.gate(id, 'activate').status, 'open');
    breakIt(rotation);
    t.not(world.gate(id, 'activate').status, 'open');
    world.pass(STABLE_MS - 5_000);
    t.not(world.gate(id, 'activate').status, 'open', 'the whole time counts again');
    world.pass(STABLE_MS * 3);
    t.equal(world.gate(id, 'activate').status, 'open');
  });
}

t.test('an attestation that lapsed and was renewed begins it anew', async (t) => {
  const partners = serviceOf('partners', { instances: null, evidence: 'attested' });
  const { world, id } = steady({ services: [partners] });
  world.attest(id, 'partners', { validForMs: 60_000 });
  world.gate(id, 'activate');
  world.pass(59_000);
  t.equal(world.gate(id, 'activate').status, 'open');
  world.atMs += 2_000;
  world.attest(id, 'partners');
  t.same(blockers(world.gate(id, 'activate')), ['stable:fail']);
});

t.test('a change for the better does not break it', async (t) => {
  const { world, id, a } = steady();
  const sinceMs = world.atMs;
  world.gate(id, 'activate');
  world.pass(20_000);
  const iatS = world.atMs / 1_000;
  a.report({ ...BOTH, counts: [{ kid: 'new', outcomes: { ok: 1 }, iatS, lifetimeS: 60 }] });
  t.equal(stableOf(world, id).sinceMs, sinceMs);
});

t.test('a waived check counts as passing', async (t) => {
  const { world, id } = steady({ until: 'published' });
  world.waive(id, 'activate', 'new_key_known');
  const sinceMs = world.atMs;
  t.match(stableOf(world, id), { sinceMs, clearsAtMs: sinceMs + STABLE_MS });
});

t.test('an ended rotation keeps no memory of it', async (t) => {
  const { world, id } = steady();
  world.gate(id, 'activate');
  t.equal(world.state.steadySinceMs.size, 1);
  world.declare(id, 'abort');
  world.take({ type: 'settle' });
  t.equal(world.state.steadySinceMs.size, 0);
});

t.test('whatever happens, it is never open within the time after a break', async () => {
  const happening = fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
    fc.record({ kind: fc.constantFrom('lose', 'regain', 'fail', 'sight', 'newcomer', 'settle') }),
  );
  fc.assert(
    fc.property(fc.array(happening, { minLength: 1, maxLength: 30 }), (happenings) => {
      const { world, id, a } = steady();
      let brokenAtMs = world.atMs;
      let failing = false;
      let lacking = false;
      for (const one of happenings) {
        if (one.kind === 'pass' && 'ms' in one) world.pass(one.ms, { unwatched: failing });
        if (one.kind === 'lose') a.report(LACKING);
        if (one.kind === 'regain') a.report(BOTH);
        if (one.kind === 'fail') world.sightFailure();
        if (one.kind === 'sight') world.sight();
        if (one.kind === 'newcomer') world.join('orders', 'c').goodbye();
        if (one.kind === 'settle') world.take({ type: 'settle' });
        failing = one.kind === 'fail' || (failing && one.kind !== 'sight');
        lacking = one.kind === 'lose' || (lacking && one.kind !== 'regain');
        if (failing || lacking || one.kind === 'newcomer') brokenAtMs = world.atMs;
        const isOpen = world.gate(id, 'activate').status === 'open';
        if (isOpen && world.atMs < brokenAtMs + STABLE_MS) return false;
      }
      return true;
    }),
    { numRuns: 100 },
  );
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Fleet, Group, Verifier } from '../../src/core/fleet.ts';
import { servicePolicyOf } from '../../src/core/fleet.ts';
import { initialState } from '../../src/core/initial.ts';
import { openRotations, rotationFacts } from '../../src/core/rotation.ts';
import { standingOf } from '../../src/core/standing.ts';
import type { State } from '../../src/core/state.ts';
import type { Sighting } from '../../src/core/sighting.ts';
import {
  issuerOf,
  ISSUER,
  keyOf,
  NEW,
  OLD,
  policyOf,
  profileOf,
  serviceOf,
} from '../support/policies.ts';
import { World } from '../support/world.ts';
import type { TestVerifier } from '../support/world.ts';

// The counters and sets that gates read are kept step by step. Whatever happens in whatever order,
// they must be what counting from scratch gives.

const OTHER = 'https://other.test';
const VANTAGES = ['https://issuer.test/a', 'https://issuer.test/b'];
const SERVICES = ['orders', 'static', 'slow', 'extras', 'stranger'] as const;
const KEYSETS = [[OLD], [OLD, NEW], [NEW], [], [keyOf('new', 'forged'), OLD]];

const policy = policyOf(
  [
    serviceOf('orders', { instances: 2 }),
    serviceOf('static', { evidence: 'attested', profile: profileOf({ staticKeys: true }) }),
    serviceOf('slow', { evidence: 'timed', instances: null, issuers: [ISSUER, OTHER] }),
    serviceOf('extras', { required: false }),
  ],
  {
    issuers: new Map([
      [ISSUER, issuerOf({ vantages: VANTAGES })],
      [OTHER, issuerOf({ issuer: OTHER })],
    ]),
    profiles: new Map([
      ['lazy', profileOf({ id: 'lazy', refetchesOnUnknownKid: true, cooldownS: 0 })],
    ]),
    verifiersMax: 12,
  },
);

const who = fc.record({
  service: fc.constantFrom(...SERVICES),
  instance: fc.constantFrom('a', 'b', 'c'),
  cache: fc.constantFrom('jwks', 'second'),
});

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('hello' as const),
      who,
      boot: fc.nat(3),
      source: fc.constantFrom('in_process' as const, 'proxy' as const, 'pushed' as const),
      profile: fc.constantFrom('', 'lazy'),
      issuers: fc.constantFrom([ISSUER], [OTHER], [ISSUER, OTHER], []),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      which: fc.nat(20),
      keys: fc.constantFrom(...KEYSETS),
      ok: fc.nat(3),
      bad: fc.nat(3),
      kid: fc.constantFrom('old', 'new', 'foreign', null, undefined),
      servedAgeMs: fc.constantFrom(0, 60_000, null),
      observedAgeMs: fc.constantFrom(0, 0, 30_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('goodbye' as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), which: fc.nat(20) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(500, 10_000, 50_000, 700_000, 90_000_000),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('sight' as const),
      vantage: fc.constantFrom(...VANTAGES),
      keys: fc.constantFrom([OLD], [OLD, NEW], [NEW], [OLD, keyOf('new', 'forged')]),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('start' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('declare' as const),
      step: fc.constantFrom(
        'activate' as const,
        'rollback' as const,
        'complete' as const,
        'abort' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('paused' as const) }) },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

interface Run {
  readonly world: World;
  /** Everything that ever said hello, still able to speak. */
  readonly processes: { readonly verifier: TestVerifier; readonly counts: Map<string, number> }[];
  serial: number;
}

function begin(): Run {
  const world = new World(policy);
  for (const vantage of VANTAGES) {
    world.sight([OLD], vantage);
    world.sight([OLD], vantage);
  }
  return { world, processes: [], serial: 0 };
}

function carryOut(run: Run, cmd: Command): void {
  const { world, processes } = run;
  const picked = 'which' in cmd ? processes[cmd.which % Math.max(1, processes.length)] : undefined;
  switch (cmd.do) {
    case 'hello': {
      const { service, instance, cache } = cmd.who;
      try {
        const verifier = world.join(service, instance, {
          cache,
          source: cmd.source,
          profile: cmd.profile,
          issuers: cmd.issuers,
          boot: String(cmd.boot).padStart(32, '0'),
        });
        processes.push({ verifier, counts: new Map() });
      } catch (refused) {
        if (!(refused instanceof Error) || !/bound of 12/.test(refused.message)) throw refused;
      }
      return;
    }
    case 'report': {
      if (picked === undefined) return;
      const row = String(cmd.kid);
      const ok = (picked.counts.get(`${row} ok`) ?? 0) + cmd.ok;
      const bad = (picked.counts.get(`${row} bad`) ?? 0) + cmd.bad;
      picked.counts.set(`${row} ok`, ok).set(`${row} bad`, bad);
      picked.verifier.report({
        keys: cmd.keys,
        servedAgeMs: cmd.servedAgeMs,
        observedAgeMs: cmd.observedAgeMs,
        counts: [{ kid: cmd.kid, outcomes: { ok, unknown_kid: bad } }],
      });
      return;
    }
    case 'goodbye':
      picked?.verifier.goodbye();
      return;
    case 'crash':
      picked?.verifier.crash();
      return;
    case 'pass':
      world.atMs += cmd.ms;
      world.take({ type: 'tick' });
      return;
    case 'sight':
      world.sight(cmd.keys, cmd.vantage);
      return;
    case 'start':
      run.serial += 1;
      world.act({
        type: 'start',
        id: `r-${run.serial}`,
        by: 'tester',
        issuer: ISSUER,
        alg: 'RS256',
        oldKid: 'old',
        newKid: 'new',
        newThumbprint: null,
      });
      return;
    case 'declare': {
      const [rotation] = openRotations(world.state);
      if (rotation !== undefined) world.declare(rotation.id, cmd.step, 'because a test says so');
      return;
    }
    case 'remove':
      world.act({ type: 'remove_verifier', by: 'tester', reason: 'gone', ...cmd.who });
      return;
    case 'restart':
      world.restart();
      return;
    case 'paused':
      world.take({ type: 'paused' });
  }
}

/** What the counters should be, worked out from the verifiers' records alone. */
function recounted(world: World): Record<string, unknown> {
  const { state } = world;
  const groups = new Map<string, Record<string, Set<string> | Map<string, number>>>();
  const groupFor = (issuer: string, service: string) => {
    const name = `${issuer} ${service}`;
    const found = groups.get(name) ?? {
      members: new Set<string>(),
      silent: new Set<string>(),
      joined: new Set<string>(),
      contested: new Set<string>(),
      uncounted: new Set<string>(),
      liveCaches: new Map<string, number>(),
    };
    groups.set(name, found);
    return found as {
      members: Set<string>;
      silent: Set<string>;
      joined: Set<string>;
      contested: Set<string>;
      uncounted: Set<string>;
      liveCaches: Map<string, number>;
    } & Record<string, Set<string>>;
  };
  for (const service of policy.services.values()) {
    for (const issuer of service.issuers) groupFor(issuer, service.name);
  }
  for (const verifier of state.fleet.verifiers.values()) {
    if (verifier.record.departedAtMs !== null) continue;
    const service = servicePolicyOf(policy, verifier.record);
    const name = service.declared ? service.name : `${service.name} ${service.profile.id}`;
    const issuers = verifier.record.issuers.length > 0 ? verifier.record.issuers : service.issuers;
    for (const issuer of issuers) {
      const group = groupFor(issuer, name);
      group.members.add(verifier.key);
      if (verifier.liveness === 'silent') group.silent.add(verifier.key);
      if (verifier.liveness === 'joined') group.joined.add(verifier.key);
      if (verifier.contestedUntilMs > 0) group.contested.add(verifier.key);
      if (verifier.record.source === 'proxy') group.uncounted.add(verifier.key);
      if (verifier.liveness === 'reporting') {
        const { instance } = verifier.record.id;
        group.liveCaches.set(instance, (group.liveCaches.get(instance) ?? 0) + 1);
      }
      for (const rotation of openRotations(state)) {
        if (rotation.issuer !== issuer) continue;
        const facts = rotationFacts(state, rotation);
        const standing = standingOf(verifier, rotation, facts, world.atMs);
        for (const [side, grade] of [
          ['new', standing.holdsNew],
          ['old', standing.holdsOld],
        ] as const) {
          const tally = `${rotation.id} ${side} ${grade}`;
          const set = group[tally] ?? new Set<string>();
          group[tally] = set;
          set.add(verifier.key);
        }
      }
    }
  }
  return plain(groups);
}

function kept(fleet: Fleet): Record<string, unknown> {
  const groups = new Map<string, Record<string, Set<string> | Map<string, number>>>();
  const keys = (verifiers: ReadonlySet<Verifier>) => new Set([...verifiers].map((v) => v.key));
  for (const [issuer, ofIssuer] of fleet.groups) {
    for (const [name, group] of ofIssuer) {
      const shown: Record<string, Set<string> | Map<string, number>> = {
        members: keys(group.members),
        silent: keys(group.silent),
        joined: keys(group.joined),
        contested: keys(group.contested),
        uncounted: keys(group.uncounted),
        liveCaches: group.liveCaches,
      };
      addTallies(shown, group, keys);
      groups.set(`${issuer} ${name}`, shown);
    }
  }
  return plain(groups);
}

function addTallies(
  shown: Record<string, Set<string> | Map<string, number>>,
  group: Group,
  keys: (verifiers: ReadonlySet<Verifier>) => Set<string>,
): void {
  for (const [id, tally] of group.tallies) {
    for (const [side, by] of [
      ['new', tally.byNew],
      ['old', tally.byOld],
    ] as const) {
      for (const [grade, verifiers] of by) {
        if (verifiers.size > 0) shown[`${id} ${side} ${grade}`] = keys(verifiers);
      }
    }
  }
}

function plain(groups: Map<string, Record<string, Set<string> | Map<string, number>>>) {
  const out: Record<string, unknown> = {};
  for (const [name, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    out[name] = Object.fromEntries(
      Object.entries(group)
        .map(([key, value]) => [key, [...value].map(String).sort(byText)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }
  return out;
}

/** Totals as counting every record anew gives them, without the outcomes that never happened. */
function totalsOf(state: State): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [key, totals] of [...state.totals].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const counted = Object.entries(totals).filter(([, n]) => n > 0);
    if (counted.length > 0)
      shown[key] = Object.fromEntries(counted.sort(([a], [b]) => byText(a, b)));
  }
  return shown;
}

function leasesHold(fleet: Fleet): boolean {
  const leased = new Set([...fleet.leases.values()].flatMap((bucket) => [...bucket]));
  const live = [...fleet.verifiers.values()].filter(
    (verifier) => verifier.liveness === 'reporting' || verifier.liveness === 'joined',
  );
  return (
    leased.size === live.length &&
    live.every((verifier) => fleet.leases.get(verifier.leaseEndS)?.has(verifier) === true)
  );
}

function sessionsHold(state: State): boolean {
  const bound = [...state.sessions].flatMap(([name, verifiers]) =>
    [...verifiers].map(
      (verifier) =>
        verifier.session === name && state.fleet.verifiers.get(verifier.key) === verifier,
    ),
  );
  return (
    bound.every(Boolean) && [...state.sessions.values()].every((verifiers) => verifiers.size > 0)
  );
}

t.test('kept counters are what counting from scratch gives', (t) => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 1, maxLength: 80, size: 'max' }), (commands) => {
      const run = begin();
      for (const cmd of commands) {
        carryOut(run, cmd);
        const { world } = run;
        assert.deepEqual(kept(world.state.fleet), recounted(world));
        if (!leasesHold(world.state.fleet)) throw new Error(`leases after ${cmd.do}`);
        if (!sessionsHold(world.state)) throw new Error(`sessions after ${cmd.do}`);
        const again = initialState(policy, world.store.load(), world.now());
        assert.deepEqual(totalsOf(world.state), totalsOf(again), `totals after ${cmd.do}`);
      }
    }),
    { numRuns: 150 },
  );
  t.end();
});

t.test('a sighting of an issuer or vantage nobody configured changes nothing', (t) => {
  const { world } = begin();
  const before = kept(world.state.fleet);
  const sighting: Sighting = {
    issuer: 'https://nobody.test',
    vantage: VANTAGES[0] ?? '',
    result: { ok: false, error: 'timeout', message: 'expected an answer' },
  };
  world.take({ type: 'sighting', sighting });
  world.take({ type: 'sighting', sighting: { ...sighting, issuer: ISSUER, vantage: 'x' } });
  t.same(kept(world.state.fleet), before);
  t.end();
});

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

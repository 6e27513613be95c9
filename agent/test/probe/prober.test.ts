import { manualClock } from '@keyturn/shared/manual-clock.ts';
import type { CanaryOutcome, Probe, ProbeResult } from '@keyturn/shared/model/probe.ts';
import t from 'tap';
import { type AgentEvent, createAgentEvents } from '../../src/events.ts';
import { createLedger } from '../../src/ledger/memory-ledger.ts';
import { Prober } from '../../src/probe/prober.ts';

const ISSUER = 'https://issuer.test';
const ledger = createLedger({
  id: { service: 'orders', instance: 'a', cache: 'jwks' },
  profile: '',
  source: 'in_process',
  issuers: [ISSUER],
});

function order(id = 'p1'): Probe {
  return {
    id,
    handle: 3,
    issuer: ISSUER,
    expiresInMs: 30_000,
    apartMs: 10_000,
    // Not in the order they are to be presented in.
    canaries: [
      { role: 'bogus', token: 'b.b.b' },
      { role: 'current', token: 'c.c.c' },
      { role: 'next', token: 'n.n.n' },
    ],
  };
}

const ticks = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

function probing(answers: Readonly<Record<string, CanaryOutcome>>) {
  const clock = manualClock();
  const shown: string[] = [];
  const sent: ProbeResult[] = [];
  const told: AgentEvent[] = [];
  let during: (() => void) | undefined;
  const prober = new Prober({
    presenterOf: (of) =>
      of === ledger
        ? async (token) => {
            shown.push(token);
            await Promise.resolve();
            clock.advance(100);
            during?.();
            return { outcome: answers[token] ?? 'unclear', status: null };
          }
        : undefined,
    clock,
    random: () => 0,
    events: createAgentEvents((event) => told.push(event)),
    send: (_ledger, result) => sent.push(result),
  });
  const take = (...probes: Probe[]) => {
    prober.take({ probes, withdrawnIds: [] }, (handle) => (handle === 3 ? ledger : undefined));
  };
  const run = async (ms = 0) => {
    clock.advance(ms);
    await ticks();
  };
  return { prober, take, run, shown, sent, told, meanwhile: (act: () => void) => (during = act) };
}

t.test('next, current, bogus: in this order, and told with its age', async (t) => {
  const world = probing({ 'n.n.n': 'accepted', 'c.c.c': 'accepted', 'b.b.b': 'rejected' });
  world.take(order());
  await world.run();
  t.same(world.shown, ['n.n.n', 'c.c.c', 'b.b.b']);
  t.match(world.sent, [
    {
      probeId: 'p1',
      handle: 3,
      ageMs: 300,
      answers: [
        { role: 'next', outcome: 'accepted' },
        { role: 'current', outcome: 'accepted' },
        { role: 'bogus', outcome: 'rejected' },
      ],
    },
  ]);
  t.match(world.told, [{ kind: 'probed', verifier: { service: 'orders' } }]);
  t.notMatch(JSON.stringify(world.told), /n\.n\.n/, 'no token in an event');
});

t.test('a collector cannot name an issuer that the verifier was not made for', async (t) => {
  const world = probing({});
  world.take({ ...order(), issuer: 'https://169.254.169.254' });
  await world.run(60_000);
  t.same([world.shown, world.sent], [[], []]);
});

t.test('a refusal asks on, silence does not', async (t) => {
  const refusing = probing({ 'n.n.n': 'rejected', 'c.c.c': 'accepted', 'b.b.b': 'rejected' });
  refusing.take(order());
  await refusing.run();
  t.equal(refusing.shown.length, 3);
  const away = probing({ 'n.n.n': 'unreachable' });
  away.take(order());
  await away.run();
  t.same(away.shown, ['n.n.n']);
  t.match(away.sent, [{ answers: [{ role: 'next', outcome: 'unreachable' }] }]);
});

t.test('a refused token is not shown again before its time', async (t) => {
  const world = probing({ 'n.n.n': 'rejected', 'c.c.c': 'accepted', 'b.b.b': 'rejected' });
  world.take(order('p1'));
  await world.run();
  world.take(order('p2'));
  await world.run(9_000);
  t.equal(world.shown.length, 3);
  await world.run(1_000);
  t.equal(world.shown.length, 6);
});

t.test('taken back while it runs, no further token is shown and nothing is told', async (t) => {
  const stops: readonly ((world: ReturnType<typeof probing>) => void)[] = [
    ({ prober }) => prober.take({ probes: [], withdrawnIds: ['p1'] }, () => undefined),
    ({ prober }) => prober.stop(),
    ({ prober }) => prober.pause(ledger),
    ({ prober }) => prober.forget(ledger),
  ];
  for (const stop of stops) {
    const world = probing({ 'n.n.n': 'accepted', 'c.c.c': 'accepted', 'b.b.b': 'rejected' });
    world.meanwhile(() => stop(world));
    world.take(order());
    await world.run();
    t.same(world.shown, ['n.n.n']);
    t.same(world.sent, []);
  }
});

t.test('an order for a verifier that is gone, or has no endpoint', async (t) => {
  const world = probing({});
  world.take({ ...order(), handle: 4 });
  await world.run(60_000);
  t.same(world.shown, []);
  const other = createLedger({
    id: { service: 'orders', instance: 'b', cache: 'jwks' },
    profile: '',
    source: 'in_process',
    issuers: [ISSUER],
  });
  t.notOk(world.prober.canProbe(other));
  world.prober.take({ probes: [order()], withdrawnIds: [] }, () => other);
  await world.run(60_000);
  t.same(world.shown, []);
});

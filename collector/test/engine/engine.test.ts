import { manualClock } from '@keyturn/shared/manual-clock.ts';
import type { ManualClock } from '@keyturn/shared/manual-clock.ts';
import type { KeyRef, VerifierId } from '@keyturn/shared/model/ids.ts';
import type { Ack, Report, Settings } from '@keyturn/shared/model/report.ts';
import t from 'tap';
import { createEngine } from '../../src/engine.ts';
import type { RunningEngine } from '../../src/engine.ts';
import type { ActResult } from '../../src/core/acts.ts';
import type { Sighting } from '../../src/core/sighting.ts';
import { emptyMemoryContents, openMemoryStore } from '../../src/store/memory.ts';
import type { MemoryContents } from '../../src/store/memory.ts';
import { StoreError } from '../../src/store/store-error.ts';
import type { Write } from '../../src/store/store.ts';
import { ISSUER, NEW, OLD, policyOf, serviceOf, VANTAGE } from '../support/policies.ts';

const ID: VerifierId = { service: 'orders', instance: 'a', cache: 'jwks' };
const LEASE_MS = 45_000;

class Rig {
  readonly clock: ManualClock = manualClock();
  readonly contents: MemoryContents = emptyMemoryContents();
  readonly commits: (readonly Write[])[] = [];
  readonly told: string[] = [];
  failing = false;
  /** Commits, refused ones too. */
  tries = 0;
  engine: RunningEngine;
  epoch = 0;
  seq = 0;

  constructor() {
    this.engine = this.start();
  }

  start(): RunningEngine {
    return createEngine({
      policy: policyOf([serviceOf('orders')]),
      store: openMemoryStore({
        contents: this.contents,
        beforeCommit: (writes) => {
          this.tries += 1;
          if (this.failing) throw new StoreError('STORE_FULL', 'no space left');
          this.commits.push(writes);
        },
      }),
      clock: this.clock,
      events: {
        storeFailing: (message) => this.told.push(`failing: ${message}`),
        storeRecovered: () => this.told.push('recovered'),
        committed: () => undefined,
      },
    });
  }

  /** Lets the promises that were settled run, after time has passed for the engine. */
  async pass<T>(promise: Promise<T>, ms = 10): Promise<T> {
    this.clock.advance(ms);
    return promise;
  }

  async hello(boot = 'a'): Promise<void> {
    const hello = {
      bootId: boot.repeat(32),
      agentVersion: '0.0.0',
      wallUnixMs: 0,
      verifiers: [
        {
          handle: 1,
          id: ID,
          profile: '',
          source: 'in_process' as const,
          issuers: [ISSUER],
          cacheKind: 'any' as const,
        },
      ],
    };
    const welcome = await this.pass(this.engine.hello(`session ${boot}`, hello));
    this.epoch = welcome.assignments[0]?.epoch ?? 0;
    this.seq = welcome.assignments[0]?.committedSeq ?? 0;
  }

  next(keys: readonly KeyRef[] = [OLD, NEW], ok = this.seq): Report {
    this.seq += 1;
    return {
      handle: 1,
      epoch: this.epoch,
      seq: this.seq,
      observedAgeMs: 0,
      dropped: 0,
      keySets: [
        {
          issuer: ISSUER,
          keys,
          dataAgeMs: 0,
          attemptAgeMs: 0,
          consecutiveFailures: 0,
          lastError: null,
          nextRefreshInMs: null,
          cooldownInMs: null,
          documentSha256: null,
          servedAgeMs: null,
          secretsAgeMs: null,
        },
      ],
      counts: [
        {
          issuer: ISSUER,
          key: { kind: 'kid', kid: 'old' },
          outcomes: { ok },
          highestIat: null,
          highestExp: null,
          longestLifetimeS: 300,
          acceptedWithoutExp: 0,
          acceptedWithoutIat: 0,
          lastAcceptedAgeMs: 0,
        },
      ],
    };
  }

  report(report = this.next()): Promise<readonly Ack[]> {
    return this.engine.report('session a', [{ verifier: ID, report }]);
  }

  async sight(keys: readonly KeyRef[] = [OLD, NEW]): Promise<void> {
    for (let twice = 0; twice < 2; twice += 1) {
      await this.pass(this.engine.sighting(sightingOf(keys, this.engine.nowMs())));
    }
  }

  startRotation(id = 'r-1'): Promise<ActResult> {
    return this.engine.act({
      type: 'start',
      id,
      by: 'tester',
      issuer: ISSUER,
      alg: 'RS256',
      oldKid: 'old',
      newKid: 'new',
      newThumbprint: null,
    });
  }

  /** Everything heard and seen, hold-down over, one rotation whose gate activate is open. */
  async ready(): Promise<void> {
    await this.hello();
    await this.beat(LEASE_MS + 5_000);
    await this.pass(this.startRotation());
    t.equal(this.engine.checkGate('r-1', 'activate')?.status, 'open');
  }

  /** Time passes as it does in life: the issuer is read and the verifier reports. */
  async beat(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 5_000) {
      this.clock.advance(5_000);
      await this.sight();
      await this.pass(this.report());
    }
  }

  storedVerifier() {
    return this.contents.verifiers.get('orders/a/jwks');
  }
}

function sightingOf(keys: readonly KeyRef[], originDateMs: number): Sighting {
  return {
    issuer: ISSUER,
    vantage: VANTAGE,
    result: {
      ok: true,
      keys,
      untrackedKeys: 0,
      bytes: 500,
      documentSha256: '00',
      maxAgeS: null,
      staleS: 0,
      ageS: null,
      originDateMs,
    },
  };
}

/** How a promise stands after everything that could settle it has run. */
async function standing(promise: Promise<unknown>): Promise<'pending' | 'resolved' | 'rejected'> {
  let now: 'pending' | 'resolved' | 'rejected' = 'pending';
  promise.then(
    () => (now = 'resolved'),
    () => (now = 'rejected'),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return now;
}

t.test('an ack means committed: none before the commit', async (t) => {
  const rig = new Rig();
  await rig.hello();
  const acks = rig.report();
  t.equal(await standing(acks), 'pending', 'inputs gather first');
  t.equal(rig.storedVerifier()?.seq, 0);
  rig.clock.advance(10);
  t.match(await acks, [{ result: 'applied', seq: 1 }]);
  t.equal(rig.storedVerifier()?.seq, 1);
  rig.engine.close();
});

t.test('inputs of one moment are committed together', async (t) => {
  const rig = new Rig();
  await rig.hello();
  rig.commits.length = 0;
  const all = [rig.report(), rig.report(), rig.report()];
  rig.clock.advance(2);
  t.match((await Promise.all(all)).flat(), [{ seq: 1 }, { seq: 2 }, { seq: 3 }]);
  t.equal(rig.commits.length, 1);
  t.equal(
    rig.commits[0]?.filter((write) => write.kind === 'verifier').length,
    1,
    'the last of each',
  );
  rig.engine.close();
});

t.test(
  'a burst is taken in turns, to the end of each batch, and every batch is answered',
  async (t) => {
    const rig = new Rig();
    await rig.hello();
    const batch = (size: number) =>
      rig.engine.report(
        'session a',
        Array.from({ length: size }, () => ({ verifier: ID, report: rig.next() })),
      );
    rig.commits.length = 0;
    const all = [batch(700), batch(700), batch(700)];
    rig.clock.advance(10);
    const acks = (await Promise.all(all)).flat();
    t.equal(acks.length, 2_100);
    t.ok(acks.every((ack) => ack.result === 'applied'));
    t.equal(rig.commits.length, 2);
    rig.engine.close();
  },
);

t.test(
  'a failing commit loses nothing: no ack, gates unknown, all of it through later',
  async (t) => {
    const rig = new Rig();
    await rig.ready();
    rig.failing = true;
    const report = rig.next([OLD, NEW], 500);
    await t.rejects(rig.pass(rig.report(report)), { code: 'STORE_FULL' });
    t.same(rig.told, ['failing: no space left']);
    const unknown = rig.engine.checkGate('r-1', 'activate');
    t.equal(unknown?.status, 'unknown');
    t.match(
      unknown?.checks.filter((check) => check.status !== 'pass'),
      [{ id: 'store_writable', status: 'unknown' }],
    );

    // The agent tries the same report again: it is in memory, and still not on disk.
    await t.rejects(rig.pass(rig.report(report)), { code: 'STORE_FULL' });
    t.same(rig.told.length, 1, 'told once');
    rig.clock.advance(5_000);
    rig.failing = false;
    rig.clock.advance(2_000);
    t.same(rig.told, ['failing: no space left', 'recovered']);
    t.match(await rig.pass(rig.report(report)), [{ result: 'ignored' }], 'taken before');
    t.equal(rig.storedVerifier()?.seq, report.seq);
    t.equal(rig.storedVerifier()?.counts[0]?.outcomes.ok, 500);
    t.equal(rig.engine.checkGate('r-1', 'activate')?.status, 'open');
    rig.engine.close();
  },
);

t.test('a verdict somebody may act on is on record first', async (t) => {
  const rig = new Rig();
  await rig.ready();
  rig.clock.advance(200);
  await rig.pass(rig.report(rig.next([OLD])), 3);
  t.equal(rig.engine.checkGate('r-1', 'activate')?.status, 'closed');
  // Committed, but not judged yet: gates are settled every so often only.
  await rig.pass(rig.report(rig.next([OLD, NEW])), 3);
  rig.failing = true;
  t.equal(rig.engine.checkGate('r-1', 'activate')?.status, 'unknown', 'nobody can rely on it');
  t.same(rig.told, ['failing: no space left']);
  const opened = () => rig.contents.audit.filter((link) => /gate_activate_open/.test(link.body));
  const before = opened().length;
  rig.failing = false;
  rig.clock.advance(2_000);
  t.equal(rig.engine.checkGate('r-1', 'activate')?.status, 'open');
  t.ok(opened().length > before);
  rig.engine.close();
});

t.test(
  'however many gates are asked for, a store that refuses is tried once a second',
  async (t) => {
    const rig = new Rig();
    await rig.ready();
    rig.failing = true;
    await t.rejects(rig.pass(rig.report(rig.next([OLD, NEW], 500))), { code: 'STORE_FULL' });
    const before = rig.tries;
    for (let n = 0; n < 100; n += 1) {
      t.equal(rig.engine.checkGate('r-1', 'activate')?.status, 'unknown');
    }
    t.equal(rig.tries, before);
    rig.clock.advance(3_000);
    t.ok(rig.tries - before >= 2 && rig.tries - before <= 12, `${rig.tries - before} tries`);
    rig.failing = false;
    rig.clock.advance(2_000);
    t.equal(rig.engine.checkGate('r-1', 'activate')?.status, 'open');
    rig.engine.close();
  },
);

t.test('acts are refused while the store refuses writes', async (t) => {
  const rig = new Rig();
  await rig.ready();
  rig.failing = true;
  await t.rejects(rig.pass(rig.report()), StoreError);
  const refused = await rig.pass(rig.startRotation('r-2'));
  t.match(refused, { ok: false, refusal: { code: 'unavailable' } });
  t.notOk(rig.engine.state().rotations.has('r-2'));
  rig.failing = false;
  rig.clock.advance(2_000);
  const declared = await rig.pass(
    rig.engine.act({
      type: 'declare',
      by: 'tester',
      rotationId: 'r-1',
      step: 'activate',
      overrideReason: null,
    }),
  );
  t.equal(declared.ok, true);
  rig.engine.close();
});

t.test(
  'killed before the commit: the agent was not acked, says it again, counted once',
  async (t) => {
    const rig = new Rig();
    await rig.hello();
    await rig.pass(rig.report(rig.next([OLD], 7)));
    const lost = rig.next([OLD], 9);
    const unanswered = rig.report(lost);
    unanswered.catch(() => undefined);
    // kill -9: no close, no flush.
    rig.engine = rig.start();
    await rig.hello();
    t.equal(rig.seq, 1, 'what was committed');
    await rig.pass(rig.report(lost));
    await rig.pass(rig.report(lost));
    t.equal(rig.storedVerifier()?.counts[0]?.outcomes.ok, 9);
    t.equal(
      rig.engine.state().totals.get(`${ISSUER}\u0000old`),
      undefined,
      'a kid nobody knows yet',
    );
    await rig.sight([OLD]);
    t.same(rig.engine.state().totals.get(`${ISSUER}\u0000old`), { ok: 9 });
    rig.engine.close();
  },
);

t.test('a restart opens nothing before the fleet was heard for one lease', async (t) => {
  const rig = new Rig();
  await rig.ready();
  rig.engine.close();
  rig.engine = rig.start();
  await rig.hello();
  const startedAtMs = rig.engine.nowMs();
  while (rig.engine.nowMs() - startedAtMs < LEASE_MS) {
    t.equal(rig.engine.checkGate('r-1', 'activate')?.status, 'unknown');
    await rig.beat(5_000);
  }
  await rig.beat(5_000);
  t.equal(rig.engine.checkGate('r-1', 'activate')?.status, 'open');
  rig.engine.close();
});

t.test('a machine that slept hears the fleet anew, however long it thinks it ran', async (t) => {
  for (const asleep of ['only the wall clock moved', 'both clocks moved'] as const) {
    const rig = new Rig();
    await rig.ready();
    if (asleep === 'only the wall clock moved') rig.clock.stepWall(3_600_000);
    // Timers of a stopped process are late: the answer comes before the first of them.
    else jump(rig.clock, 3_600_000);
    const verdict = rig.engine.checkGate('r-1', 'activate');
    t.equal(verdict?.status, 'unknown', asleep);
    t.ok(
      verdict?.checks.some((check) => check.id === 'collector_ready' && check.status === 'unknown'),
    );
    t.ok(rig.engine.settings().holdDownRemainingMs >= LEASE_MS);
    rig.engine.close();
  }
});

t.test('a small step of the wall clock is no reason to stop answering', async (t) => {
  const rig = new Rig();
  await rig.ready();
  rig.clock.stepWall(20_000);
  t.equal(rig.engine.checkGate('r-1', 'activate')?.status, 'open');
  rig.clock.stepWall(-40_000);
  t.equal(rig.engine.checkGate('r-1', 'activate')?.status, 'open');
  rig.engine.close();
});

t.test('an act stands on leases in force now, not at the last tick', async (t) => {
  const rig = new Rig();
  await rig.ready();
  // The loop was busy for longer than the lease, shorter than a pause: no tick has run.
  jump(rig.clock, LEASE_MS + 10_000);
  const declared = rig.engine.act({
    type: 'declare',
    by: 'tester',
    rotationId: 'r-1',
    step: 'activate',
    overrideReason: null,
  });
  t.match(await rig.pass(declared, 2), { ok: false, refusal: { code: 'gate_not_open' } });
  rig.engine.close();
});

t.test('listeners hear of verdicts and settings that changed, until they leave', async (t) => {
  const rig = new Rig();
  const changes: string[] = [];
  const settings: Settings[] = [];
  await rig.hello();
  await rig.beat(LEASE_MS + 5_000);
  const leave = rig.engine.onChange((id) => changes.push(id));
  const leaveSettings = rig.engine.onSettings((next) => settings.push(next));
  await rig.pass(rig.startRotation());
  rig.clock.advance(1_000);
  t.ok(changes.includes('r-1'));
  t.same(settings.at(-1)?.watchedKeys, [
    { issuer: ISSUER, kid: 'old', secret: false },
    { issuer: ISSUER, kid: 'new', secret: false },
  ]);
  changes.length = 0;
  await rig.pass(rig.report(rig.next([OLD])), 1_000);
  t.ok(changes.includes('r-1'), 'within a second of the report');
  leave();
  leaveSettings();
  changes.length = 0;
  settings.length = 0;
  await rig.pass(rig.report(rig.next([OLD, NEW])), 1_000);
  await rig.pass(
    rig.engine.act({
      type: 'declare',
      by: 'tester',
      rotationId: 'r-1',
      step: 'abort',
      overrideReason: null,
    }),
    1_000,
  );
  t.same(changes, []);
  t.same(settings, []);
  t.same(rig.engine.settings().watchedKeys, []);
  rig.engine.close();
});

t.test('close answers what it has taken, and takes no more', async (t) => {
  const rig = new Rig();
  await rig.hello();
  const last = rig.report();
  rig.engine.close();
  t.match(await last, [{ result: 'applied' }]);
  t.equal(rig.storedVerifier()?.seq, 1);
  await t.rejects(rig.report(), StoreError);
  await t.rejects(rig.engine.hello('session b', emptyHello()), StoreError);
  rig.commits.length = 0;
  rig.clock.advance(60_000);
  t.same(rig.commits, [], 'no timer left');
  rig.engine.close();
});

t.test('close while the store fails: what was not committed was not acked', async (t) => {
  const rig = new Rig();
  await rig.hello();
  rig.failing = true;
  const last = rig.report();
  rig.engine.close();
  await t.rejects(last, { code: 'STORE_FULL' });
});

t.test('audit entries beyond the bound are counted while the store fails', async (t) => {
  const rig = new Rig();
  await rig.ready();
  rig.failing = true;
  // Every sighting that fails or works again leaves an entry.
  for (let i = 0; i < 4_500; i += 1) {
    const failed: Sighting = {
      issuer: ISSUER,
      vantage: VANTAGE,
      result: { ok: false, error: 'timeout', message: 'no answer' },
    };
    rig.engine.sighting(failed).catch(() => undefined);
    for (const keys of [[OLD], [OLD, NEW], [OLD, NEW]]) {
      rig.engine.sighting(sightingOf(keys, rig.engine.nowMs())).catch(() => undefined);
    }
  }
  rig.clock.advance(2_000);
  rig.failing = false;
  rig.clock.advance(2_000);
  rig.clock.advance(2_000);
  const dropped = rig.contents.audit.filter((link) => /audit_dropped/.test(link.body));
  t.equal(dropped.length, 1);
  t.match(dropped[0]?.body, /could not be kept/);
  rig.engine.close();
});

function emptyHello() {
  return { bootId: 'b'.repeat(32), agentVersion: '', wallUnixMs: 0, verifiers: [] };
}

/** Both clocks move on while no timer runs, as when the process was stopped. */
function jump(clock: ManualClock, ms: number): void {
  const still = { ...clock };
  Object.assign(clock, {
    monotonicMs: () => still.monotonicMs() + ms,
    wallMs: () => still.wallMs() + ms,
  });
}

import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Report } from '@keyturn/shared/model/report.ts';
import { countedRows } from '../../src/core/counts.ts';
import { usageKey } from '../../src/core/state.ts';
import { ISSUER, NEW, OLD, policyOf, serviceOf } from '../support/policies.ts';
import { World } from '../support/world.ts';
import type { TestVerifier } from '../support/world.ts';

// A network that loses, doubles, swaps and delays reports, between agents and a collector that are
// killed and started again at any moment. What was counted once is counted once.

const KIDS = ['old', 'new', 'foreign'] as const;

/** One process of a verifier: counts from its own start, whatever the collector calls its epoch. */
interface Process {
  readonly boot: string;
  readonly truth: Map<string, number>;
  /** What the collector has taken of it. */
  readonly taken: Map<string, number>;
  verifier: TestVerifier;
}

interface InFlight {
  readonly from: Process;
  readonly verifier: TestVerifier;
  readonly report: Report;
  readonly truth: ReadonlyMap<string, number>;
}

const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('verify' as const),
      kid: fc.constantFrom(...KIDS),
      ok: fc.boolean(),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      which: fc.nat(10),
      again: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), which: fc.nat(10) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('agent restarts' as const), goodbye: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('another process returns' as const),
      which: fc.nat(10),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('collector restarts' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('goodbye and back' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rotation starts' as const) }) },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** At most this many processes ever fight over the name, as the collector keeps so many apart. */
const PROCESSES_MAX = 3;

class Fight {
  readonly world = new World(policyOf([serviceOf('orders')]));
  readonly processes: Process[] = [];
  readonly inFlight: InFlight[] = [];
  current: Process;

  constructor() {
    this.world.sight([OLD]);
    this.world.sight([OLD]);
    this.current = this.boot();
  }

  boot(): Process {
    const boot = String(this.processes.length).padStart(32, '0');
    const process = { boot, truth: new Map(), taken: new Map(), verifier: this.hello(boot) };
    this.processes.push(process);
    this.current = process;
    return process;
  }

  hello(boot: string): TestVerifier {
    return this.world.join('orders', 'a', { boot });
  }

  run(cmd: Command): void {
    switch (cmd.do) {
      case 'verify': {
        const row = `${cmd.kid} ${cmd.ok ? 'ok' : 'unknown_kid'}`;
        this.current.truth.set(row, (this.current.truth.get(row) ?? 0) + cmd.times);
        return;
      }
      case 'send':
        this.inFlight.push(this.message(this.current));
        return;
      case 'deliver': {
        const at = cmd.which % Math.max(1, this.inFlight.length);
        const message = this.inFlight[at];
        if (message === undefined) return;
        if (!cmd.again) this.inFlight.splice(at, 1);
        this.deliver(message);
        return;
      }
      case 'drop':
        this.inFlight.splice(cmd.which % Math.max(1, this.inFlight.length), 1);
        return;
      case 'agent restarts':
        if (this.processes.length >= PROCESSES_MAX) return;
        if (cmd.goodbye) this.current.verifier.goodbye();
        else this.current.verifier.crash();
        this.boot();
        return;
      case 'another process returns': {
        const other = this.processes[cmd.which % this.processes.length];
        if (other === undefined) return;
        other.verifier = this.hello(other.boot);
        this.current = other;
        return;
      }
      case 'collector restarts':
        this.world.restart();
        this.current.verifier = this.hello(this.current.boot);
        return;
      case 'goodbye and back':
        this.current.verifier.goodbye();
        this.current.verifier = this.hello(this.current.boot);
        return;
      case 'rotation starts':
        // From here on the collector knows a kid that it took for a stranger's.
        this.world.act({
          type: 'start',
          id: `r-${this.processes.length}`,
          by: 'tester',
          issuer: ISSUER,
          alg: 'RS256',
          oldKid: OLD.kid,
          newKid: NEW.kid,
          newThumbprint: null,
        });
    }
  }

  message(from: Process): InFlight {
    const counts = KIDS.flatMap((kid) => {
      const ok = from.truth.get(`${kid} ok`) ?? 0;
      const unknown_kid = from.truth.get(`${kid} unknown_kid`) ?? 0;
      return ok + unknown_kid === 0 ? [] : [{ kid, outcomes: { ok, unknown_kid } }];
    });
    return {
      from,
      verifier: from.verifier,
      report: from.verifier.make({ keys: [OLD], counts }),
      truth: new Map(from.truth),
    };
  }

  deliver({ from, verifier, report, truth }: InFlight): void {
    if (verifier.send(report).result !== 'applied') return;
    for (const [row, n] of truth) from.taken.set(row, n);
  }

  /** Sum over processes, of kids that `only` lets through. */
  sum(of: 'truth' | 'taken'): Map<string, number> {
    const sums = new Map<string, number>();
    for (const process of this.processes) {
      for (const [row, n] of process[of]) sums.set(row, (sums.get(row) ?? 0) + n);
    }
    return sums;
  }

  counted(): Map<string, number> {
    const sums = new Map<string, number>();
    for (const verifier of this.world.state.fleet.verifiers.values()) {
      for (const { key, outcomes } of countedRows(verifier.record)) {
        for (const [outcome, n] of Object.entries(outcomes)) {
          const row = `${key.kind === 'kid' ? key.kid : key.kind} ${outcome}`;
          if (n > 0) sums.set(row, (sums.get(row) ?? 0) + n);
        }
      }
    }
    return sums;
  }

  totals(kid: string): Record<string, number> {
    return { ...this.world.state.totals.get(usageKey(ISSUER, kid)) };
  }
}

function sorted(sums: Map<string, number>): [string, number][] {
  return [...sums].filter(([, n]) => n > 0).sort(([a], [b]) => (a < b ? -1 : 1));
}

t.test(
  'whatever the network does, nothing is lost that was taken and nothing counted twice',
  (t) => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 1, maxLength: 60, size: 'max' }), (commands) => {
        const fight = new Fight();
        for (const cmd of commands) {
          fight.run(cmd);
          const counted = fight.counted();
          assert.deepEqual(sorted(counted), sorted(fight.sum('taken')), cmd.do);
          const truth = fight.sum('truth');
          for (const [row, n] of counted)
            assert.ok(n <= (truth.get(row) ?? 0), `${row} above truth`);
          assert.equal(fight.totals('old')['ok'] ?? 0, counted.get('old ok') ?? 0);
          const known = fight.world.state.rotations.size > 0;
          const failures = fight.totals('new')['unknown_kid'] ?? 0;
          assert.equal(failures, known ? (counted.get('new unknown_kid') ?? 0) : 0);
        }
        // Everybody who still runs is heard in the end.
        for (const process of fight.processes) {
          process.verifier = fight.hello(process.boot);
          fight.deliver(fight.message(process));
        }
        assert.deepEqual(sorted(fight.counted()), sorted(fight.sum('truth')), 'in the end');
      }),
      { numRuns: 200 },
    );
    t.end();
  },
);

t.test('the order in which reports of one process arrive does not matter', (t) => {
  const growth = fc.array(fc.record({ ok: fc.nat(4), bad: fc.nat(4), both: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(growth, fc.infiniteStream(fc.nat(100)), (steps, chance) => {
      const world = new World(policyOf([serviceOf('orders')]));
      const twin = new World(policyOf([serviceOf('orders')]));
      const a = world.join('orders', 'a', { boot: 'b'.repeat(32) });
      const b = twin.join('orders', 'a', { boot: 'b'.repeat(32) });
      let [ok, bad] = [0, 0];
      const reports = steps.map((step) => {
        [ok, bad] = [ok + step.ok, bad + step.bad];
        return a.make({
          keys: step.both ? [OLD, NEW] : [OLD],
          counts: [{ kid: 'old', outcomes: { ok, unknown_kid: bad } }],
        });
      });
      for (const report of reports) a.send(report);
      const shuffled = reports
        .flatMap((report) => [report, report])
        .map((report) => ({ report, at: chance.next().value }))
        .sort((x, y) => x.at - y.at);
      for (const { report } of shuffled) b.send(report);
      const recordOf = (from: World) => [...from.state.fleet.verifiers.values()][0]?.record;
      assert.deepEqual(recordOf(twin), recordOf(world));
      assert.deepEqual([...twin.state.totals], [...world.state.totals]);
    }),
    { numRuns: 300 },
  );
  t.end();
});

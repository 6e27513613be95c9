import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type { CountKey, KidCounts, Report } from '@keyturn/shared/model/report.ts';
import * as fc from 'fast-check';
import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import t from 'tap';
import type { KeySetState, Ledger } from '../../src/ledger/ledger.ts';
import { createLedger, LedgerError } from '../../src/ledger/memory-ledger.ts';

const A = 'https://a.example';
const B = 'https://b.example';

function ledgerOf(limits = {}): Ledger {
  return createLedger({
    id: { service: 'orders', instance: 'pod-1', cache: 'jwks' },
    profile: 'npm-jose',
    source: 'in_process',
    issuers: [A, B],
    limits,
  });
}

function keyRef(kid: string, thumbprint = kid): KeyRef {
  return { kid, thumbprint: thumbprint.padEnd(43, '0').slice(0, 43), alg: 'RS256' };
}

function stateOf(kids: readonly string[], changes: Partial<KeySetState> = {}): KeySetState {
  return {
    keys: kids.map((kid) => keyRef(kid)),
    dataAtMs: 1_000,
    attemptAtMs: 1_000,
    consecutiveFailures: 0,
    lastError: null,
    nextRefreshAtMs: 601_000,
    cooldownUntilMs: 31_000,
    documentSha256: null,
    servedAtMs: null,
    ...changes,
  };
}

function snapshotOf(ledger: Ledger, nowMs = 2_000): Report {
  return ledger.snapshot(nowMs, { handle: 1, epoch: 1, seq: 1 });
}

function rowName(row: { readonly issuer: string; readonly key: CountKey }): string {
  return `${row.issuer} ${row.key.kind === 'kid' ? `kid:${row.key.kid}` : row.key.kind}`;
}

function rowOf(report: Report, name: string): KidCounts | undefined {
  return report.counts.find((row) => rowName(row) === name);
}

t.test('counts by kid, without kid and by issuer', async (t) => {
  const ledger = ledgerOf();
  ledger.setKeys(A, stateOf(['k1', 'k2']));
  ledger.count(A, 'k1', 'ok', { iatS: 100, expS: 400 }, 1_500);
  ledger.count(A, 'k1', 'ok', { iatS: 90, expS: 990 }, 1_600);
  ledger.count(A, 'k1', 'bad_signature', null, 1_700);
  ledger.count(A, null, 'key_ambiguous', null, 1_700);
  ledger.count(B, 'k1', 'expired', null, 1_700, 3);
  ledger.count('https://attacker.example', 'k1', 'ok', null, 1_700);
  const report = snapshotOf(ledger);
  t.match(rowOf(report, `${A} kid:k1`), {
    outcomes: { ok: 2, bad_signature: 1 },
    highestIat: 100,
    highestExp: 990,
    longestLifetimeS: 900,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAgeMs: 400,
  });
  t.match(rowOf(report, `${A} none`), { outcomes: { key_ambiguous: 1 }, highestIat: null });
  t.match(rowOf(report, `${B} kid:k1`), { outcomes: { expired: 3 } });
  t.equal(report.counts.length, 3);
  t.equal(ledger.foreignIssuerCounts, 1);
});

t.test('claims of accepted tokens', async (t) => {
  const rows: readonly (readonly [string, number | null, number | null, Partial<KidCounts>])[] = [
    ['no exp', 100, null, { highestIat: 100, acceptedWithoutExp: 1, longestLifetimeS: null }],
    ['no iat', null, 100, { highestExp: 100, acceptedWithoutIat: 1, longestLifetimeS: null }],
    ['fractions round up', 100.2, 200.7, { highestIat: 101, highestExp: 201 }],
    ['exp before iat', 200, 100, { longestLifetimeS: 0 }],
    ['absurdly late', 0, 1e300, { highestExp: 253_402_300_799 }],
    ['negative', -5, -1, { highestIat: 0, highestExp: 0 }],
    ['not numbers', Number.NaN, Number.NaN, { acceptedWithoutExp: 1, acceptedWithoutIat: 1 }],
  ];
  for (const [name, iatS, expS, expected] of rows) {
    const ledger = ledgerOf();
    ledger.count(A, null, 'ok', { iatS, expS }, 1_000);
    t.match(rowOf(snapshotOf(ledger), `${A} none`), expected, name);
  }
  const ledger = ledgerOf();
  ledger.count(A, null, 'ok', null, 1_000);
  t.match(
    rowOf(snapshotOf(ledger), `${A} none`),
    { acceptedWithoutExp: 1, acceptedWithoutIat: 1 },
    'unread claims are not taken for expired ones',
  );
});

t.test('strangers: eight rows of their own, the rest together', async (t) => {
  const ledger = ledgerOf();
  ledger.setKeys(A, stateOf(['k1']));
  for (let i = 0; i < 50; i += 1) ledger.count(A, `noise-${i}`, 'unknown_kid', null, 1_000);
  ledger.count(A, 'x'.repeat(129), 'unknown_kid', null, 1_000);
  ledger.count(A, 'x'.repeat(1_000_000), 'unknown_kid', null, 1_000);
  ledger.count(A, 'k1', 'ok', { iatS: 1, expS: 2 }, 1_000);
  const report = snapshotOf(ledger);
  t.equal(report.counts.filter((row) => row.key.kind === 'kid').length, 9);
  t.match(rowOf(report, `${A} other`), { outcomes: { unknown_kid: 44 } });
  t.match(rowOf(report, `${A} kid:k1`), { outcomes: { ok: 1 } });
});

t.test('kids that cannot be reported count as other', async (t) => {
  for (const kid of ['', 'a\nb', 'a\u202eb', 'é'.repeat(65)]) {
    const ledger = ledgerOf();
    ledger.count(A, kid, 'unknown_kid', null, 1_000);
    t.match(rowOf(snapshotOf(ledger), `${A} other`), { outcomes: { unknown_kid: 1 } });
  }
});

t.test('a watched kid is counted by name although strangers filled their rows', async (t) => {
  const ledger = ledgerOf({ strangersPerIssuer: 1 });
  ledger.count(A, 'noise', 'unknown_kid', null, 1_000);
  ledger.count(A, 'next', 'unknown_kid', null, 1_000);
  ledger.watch([
    { issuer: A, kid: 'next', secret: false },
    { issuer: 'https://elsewhere.example', kid: 'next', secret: false },
  ]);
  ledger.count(A, 'next', 'unknown_kid', null, 1_000);
  const report = snapshotOf(ledger);
  t.match(rowOf(report, `${A} other`), { outcomes: { unknown_kid: 1 } }, 'what was other stays');
  t.match(rowOf(report, `${A} kid:next`), { outcomes: { unknown_kid: 1 } });
});

t.test('a full table parks rows and brings them back with what they had', async (t) => {
  const ledger = ledgerOf({ rowsMax: 2, strangersPerIssuer: 0 });
  const use = (kid: string) => {
    ledger.setKeys(A, stateOf([kid]));
    ledger.count(A, kid, 'ok', { iatS: 1, expS: 2 }, 1_000);
  };
  use('k1');
  use('k2');
  use('k3');
  let report = snapshotOf(ledger);
  t.same(report.counts.map(rowName), [`${A} kid:k2`, `${A} kid:k3`], 'longest unwanted goes');
  t.equal(report.dropped, 1);
  ledger.count(A, 'k1', 'ok', { iatS: 1, expS: 2 }, 1_000);
  t.match(rowOf(snapshotOf(ledger), `${A} other`), { outcomes: { ok: 1 } }, 'parked: as other');
  use('k1');
  report = snapshotOf(ledger);
  t.match(rowOf(report, `${A} kid:k1`), { outcomes: { ok: 2 } });
  t.match(rowOf(report, `${A} other`), { outcomes: { ok: 1 } });
});

t.test('nothing to park: wanted kids count as other, and it shows', async (t) => {
  const ledger = ledgerOf({ rowsMax: 1 });
  ledger.setKeys(A, stateOf(['k1', 'k2']));
  ledger.count(A, 'k1', 'ok', null, 1_000);
  ledger.count(A, 'k2', 'ok', null, 1_000);
  const report = snapshotOf(ledger);
  t.match(rowOf(report, `${A} other`), { outcomes: { ok: 1 } });
  t.equal(report.dropped, 1);
});

t.test('revision grows with what a reader would want to know', async (t) => {
  const ledger = ledgerOf();
  const grows = (what: string, act: () => void, expected: boolean) => {
    const before = ledger.revision;
    act();
    t.equal(ledger.revision > before, expected, what);
  };
  grows('first set', () => ledger.setKeys(A, stateOf(['k1'])), true);
  grows('same set, later', () => ledger.setKeys(A, stateOf(['k1'], { dataAtMs: 5_000 })), false);
  grows('fetch fails', () => ledger.setKeys(A, stateOf(['k1'], { consecutiveFailures: 1 })), true);
  grows('again', () => ledger.setKeys(A, stateOf(['k1'], { consecutiveFailures: 2 })), false);
  grows('key added', () => ledger.setKeys(A, stateOf(['k1', 'k2'])), true);
  grows('first ok', () => ledger.count(A, 'k1', 'ok', { iatS: 0, expS: 60 }, 0), true);
  grows('second ok', () => ledger.count(A, 'k1', 'ok', { iatS: 5, expS: 60 }, 0), false);
  grows('longer lifetime', () => ledger.count(A, 'k1', 'ok', { iatS: 0, expS: 61 }, 0), true);
  grows('first failure', () => ledger.count(A, 'k1', 'bad_signature', null, 0), true);
  grows('second failure', () => ledger.count(A, 'k1', 'bad_signature', null, 0), true);
  grows('expired', () => ledger.count(A, 'k1', 'expired', null, 0), true);
  grows('expired again', () => ledger.count(A, 'k1', 'expired', null, 0), false);
  grows('same failure, other kid', () => ledger.count(A, 'k2', 'bad_signature', null, 0), true);
});

t.test(
  'the first failure is urgent, later ones are news where the tokens are the issuer’s',
  async (t) => {
    const ledger = ledgerOf();
    ledger.setKeys(A, stateOf(['held']));
    ledger.watch([{ issuer: A, kid: 'watched', secret: false }]);
    const twice = (kid: string | null, outcome: Outcome) => [
      ledger.count(A, kid, outcome, null, 0),
      ledger.count(A, kid, outcome, null, 0),
    ];
    t.strictSame(twice('held', 'bad_signature'), ['now', 'soon']);
    t.strictSame(twice('watched', 'unknown_kid'), ['now', 'soon']);
    t.strictSame(twice('held', 'expired'), ['soon', null]);
    t.strictSame(twice('held', 'ok'), ['soon', null]);
    t.strictSame(twice('invented', 'unknown_kid'), ['now', null], 'nobody can make it talk more');
    t.strictSame(
      twice(null, 'bad_signature'),
      ['now', null],
      'no token without kid was ever taken',
    );
    ledger.count(A, null, 'ok', null, 0);
    t.strictSame(twice(null, 'key_ambiguous'), ['now', 'soon']);
  },
);

t.test('key sets: changed, ages, bounds', async (t) => {
  const ledger = ledgerOf();
  t.equal(ledger.setKeys(A, stateOf(['k1'])), true);
  t.equal(ledger.setKeys(A, stateOf(['k1'])), false);
  t.equal(ledger.setKeys(A, stateOf(['k2'])), true);
  t.equal(ledger.setKeys('https://elsewhere.example', stateOf(['k2'])), false);
  t.equal(
    ledger.setKeys(A, { ...stateOf([]), keys: [keyRef('k2', 'other-key')] }),
    true,
    'same kid, other key',
  );
  ledger.setKeys(A, stateOf(Array.from({ length: 130 }, (_, i) => `k${i}`)));
  ledger.setKeys(B, {
    ...stateOf([]),
    keys: [keyRef('fine'), keyRef('fine'), keyRef('x'.repeat(200)), keyRef('a\u0000b')],
  });
  const report = snapshotOf(ledger, 11_000);
  t.match(report.keySets[0], {
    issuer: A,
    dataAgeMs: 10_000,
    attemptAgeMs: 10_000,
    nextRefreshInMs: 590_000,
    cooldownInMs: 20_000,
    servedAgeMs: null,
    secretsAgeMs: null,
  });
  t.equal(report.keySets[0]?.keys.length, 128);
  t.same(
    report.keySets[1]?.keys.map((key) => key.kid),
    ['fine'],
  );
  t.equal(report.dropped, 4);
});

t.test('of a set larger than a report, watched keys are told first', async (t) => {
  const ledger = ledgerOf();
  const kids = Array.from({ length: 1_000 }, (_, i) => `k${i}`);
  ledger.setKeys(A, stateOf(kids));
  const kidsToldOf = () => snapshotOf(ledger).keySets[0]?.keys.map(({ kid }) => kid) ?? [];
  t.equal(kidsToldOf().includes('k900'), false);
  const { revision } = ledger;
  ledger.watch([{ issuer: A, kid: 'k900', secret: false }]);
  t.equal(kidsToldOf().length, 128);
  t.equal(kidsToldOf().includes('k900'), true, 'it is held, and must not pass for dropped');
  t.same(ledger.missing(A), []);
  t.ok(ledger.revision > revision);
  ledger.setKeys(A, stateOf(kids.toReversed().filter((kid) => kid !== 'k900')));
  t.equal(kidsToldOf().includes('k900'), false);
  t.same(ledger.missing(A), ['k900']);
});

t.test('told reports carry the age of the telling', async (t) => {
  const ledger = ledgerOf();
  t.equal(snapshotOf(ledger, 9_000).observedAgeMs, 0);
  ledger.toldAt(2_000);
  t.equal(snapshotOf(ledger, 9_000).observedAgeMs, 7_000);
});

t.test('a verifier that cannot be named: every problem at once', async (t) => {
  const make = () =>
    createLedger({
      id: { service: '', instance: 'a b', cache: 'jwks' },
      profile: '',
      source: 'pushed',
      issuers: ['https://a.example', 'bad\n'],
    });
  t.throws(make, LedgerError);
  try {
    make();
  } catch (error) {
    t.same(
      (error as LedgerError).problems.map((problem) => problem.split(':')[0]),
      ['service', 'instance', 'issuers[1]'],
    );
  }
});

// Two ledgers' worth of kids over a table of three rows: parked, unparked, folded in any order.
const KIDS = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6'] as const;
const command = fc.oneof(
  fc.record({ do: fc.constant('count' as const), kid: fc.constantFrom(...KIDS, null) }),
  fc.record({ do: fc.constant('hold' as const), kids: fc.subarray([...KIDS]) }),
  fc.record({ do: fc.constant('watch' as const), kids: fc.subarray([...KIDS]) }),
);

t.test('no total of any row ever goes down, and every token is in exactly one row', async () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const ledger = ledgerOf({ rowsMax: 3, strangersPerIssuer: 1, parkedMax: 2 });
      const highest = new Map<string, number>();
      let counted = 0;
      for (const step of commands) {
        if (step.do === 'hold') ledger.setKeys(A, stateOf(step.kids));
        else if (step.do === 'watch')
          ledger.watch(step.kids.map((kid) => ({ issuer: A, kid, secret: false })));
        else {
          ledger.count(A, step.kid, 'ok', { iatS: 1, expS: 2 }, 0);
          counted += 1;
        }
        const report = snapshotOf(ledger);
        if (report.counts.filter((row) => row.key.kind === 'kid').length > 3) return false;
        for (const row of report.counts) {
          const n = row.outcomes.ok ?? 0;
          if (n < (highest.get(rowName(row)) ?? 0)) return false;
          highest.set(rowName(row), n);
        }
        // A parked row stands still, so its last reported total is its total.
        if ([...highest.values()].reduce((sum, n) => sum + n, 0) !== counted) return false;
      }
      return true;
    }),
  );
});

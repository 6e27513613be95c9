import t from 'tap';
import { auditEntry } from '../../../src/core/act/audit-entry.ts';
import type { Act, ActResult } from '../../../src/core/acts.ts';
import type { RotationRecord } from '../../../src/core/records.ts';
import type { Verdict } from '@keyturn/shared/model/verdict.ts';

const DONE: ActResult = {
  ok: true,
  rotation: null,
  verdict: null,
  attestation: null,
  waiver: null,
  rehearsal: null,
  removed: 0,
  alert: null,
  silence: null,
};
const NOW = { atMs: 1, earliestMs: 1 };
const by = 'ops';
const rotationId = 'r-1';
const reason = 'seen with my own eyes';

const SENTENCES: readonly [Act, string][] = [
  [
    {
      type: 'start',
      id: 'r-1',
      by,
      issuer: 'https://i.test',
      alg: 'RS256',
      oldKid: null,
      newKid: 'b',
      newThumbprint: null,
    },
    'starts the rotation of RS256 at https://i.test to b',
  ],
  [{ type: 'declare', by, rotationId, step: 'retire', overrideReason: null }, 'declares retire'],
  [
    { type: 'declare', by, rotationId, step: 'retire', overrideReason: 'incident 7' },
    'declares retire, whatever stands against it: incident 7',
  ],
  [
    {
      type: 'attest',
      id: 'att-1',
      by,
      rotationId,
      service: 'edge',
      instance: 'e1',
      fact: 'holds_new',
      reason,
      validForMs: 1,
    },
    `vouches that edge/e1 holds the new key: ${reason}`,
  ],
  [
    {
      type: 'waive',
      id: 'wvr-1',
      by,
      rotationId,
      gate: 'purge',
      checkId: 'drop_time_elapsed',
      reason,
      validForMs: 1,
    },
    `waives check drop_time_elapsed of gate purge: ${reason}`,
  ],
  [
    { type: 'remove_verifier', by, service: 'edge', instance: 'e1', cache: null, reason },
    `removes edge/e1: ${reason}`,
  ],
  [{ type: 'acknowledge', by, alertId: 'al-1', reason }, `acknowledges alert al-1: ${reason}`],
  [
    {
      type: 'silence',
      id: 's1',
      by,
      name: 'StaleCache',
      labels: { service: 'edge', issuer: 'https://i.test' },
      everything: false,
      reason,
      validForMs: 1,
    },
    `silences StaleCache, service edge, issuer https://i.test: ${reason}`,
  ],
  [
    {
      type: 'silence',
      id: 's',
      by,
      name: null,
      labels: {},
      everything: true,
      reason,
      validForMs: 1,
    },
    `silences every alert: ${reason}`,
  ],
  [{ type: 'unsilence', by, silenceId: 's1', reason }, `ends silence s1: ${reason}`],
];

t.test('an act reads as a sentence', (t) => {
  for (const [act, message] of SENTENCES) {
    t.match(auditEntry(act, DONE, false, NOW), { kind: 'act', actor: by, message });
  }
  t.end();
});

t.test('a refusal says what was tried and why not; unreadable text is not kept', (t) => {
  const [[act]] = SENTENCES as [[Act, string]];
  const refused: ActResult = {
    ok: false,
    refusal: { code: 'invalid', field: 'by', message: 'expected less', verdict: null },
  };
  t.match(auditEntry(act, refused, false, NOW), {
    kind: 'refusal',
    message: 'starts the rotation of RS256 at https://i.test to b: refused, expected less',
  });
  const hostile = { ...act, by: 'x'.repeat(100_000), newKid: '\u202e' } as Act;
  const entry = auditEntry(hostile, refused, true, NOW);
  t.match(entry, { actor: 'unreadable', message: 'start: refused, expected less' });
  t.notMatch(JSON.stringify(entry), /x{10}|\u202e/);
  t.end();
});

const VERDICT = { status: 'closed' } as unknown as Verdict;

t.test('every word of every act, carried out or not', (t) => {
  const attest = {
    type: 'attest',
    id: 'att-1',
    by,
    rotationId,
    service: 'edge',
    instance: null,
    fact: 'rejects_old',
    reason,
    validForMs: 1,
  } as const;
  const declare = { type: 'declare', by, rotationId, step: 'abort', overrideReason: null } as const;
  const rows: readonly (readonly [Act, ActResult, string])[] = [
    [attest, DONE, `vouches that edge rejects the old key: ${reason}`],
    [declare, DONE, 'declares abort'],
    [{ ...declare, reason: 'tidy' }, DONE, 'declares abort: tidy'],
    [{ ...declare, overrideReason: 'lost' }, DONE, 'declares abort: lost'],
    [
      { ...declare, reason: 'tidy', overrideReason: 'lost' },
      DONE,
      'declares abort: tidy, whatever stands against it: lost',
    ],
    [
      { ...declare, step: 'taint', reason: 'stolen', overrideReason: 'now' },
      DONE,
      'declares taint: stolen, whatever stands against it: now',
    ],
    [
      { type: 'remove_verifier', by, service: 'edge', instance: 'e1', cache: 'jwks', reason },
      DONE,
      `removes edge/e1/jwks: ${reason}`,
    ],
    [
      { type: 'hand_over_canaries', by, rotationId, expiresAtMs: null, problem: null },
      DONE,
      'hands over canary tokens',
    ],
    [
      { type: 'hand_over_canaries', by, rotationId, expiresAtMs: 0, problem: null },
      DONE,
      'hands over canary tokens that are good until 1970-01-01T00:00:00Z',
    ],
    [
      { type: 'rehearse', by, rotationId, oldKeyAvailable: true },
      DONE,
      'rehearses going back to the old key',
    ],
  ];
  for (const [act, result, message] of rows) {
    t.equal(auditEntry(act, result, false, NOW).message, message);
  }
  t.end();
});

t.test('what an entry keeps, and of which rotation it is', (t) => {
  const [[start]] = SENTENCES as [[Act, string]];
  const { by: _by, type: _type, ...rest } = start;
  t.same(auditEntry(start, DONE, false, NOW), {
    atMs: 1,
    kind: 'act',
    rotationId: null,
    actor: 'ops',
    action: 'start',
    message: 'starts the rotation of RS256 at https://i.test to b',
    detail: { ...rest, verdict: null },
  });
  const rotation = { id: 'r-7' } as unknown as RotationRecord;
  t.equal(auditEntry(start, { ...DONE, rotation }, false, NOW).rotationId, 'r-7');
  const act: Act = { type: 'declare', by, rotationId, step: 'retire', overrideReason: null };
  t.match(auditEntry(act, { ...DONE, verdict: VERDICT }, false, NOW), {
    rotationId: 'r-1',
    action: 'declare_retire',
    detail: { step: 'retire', verdict: 'closed' },
  });
  const refusal = {
    code: 'gate_not_open',
    field: 'step',
    message: 'no',
    verdict: VERDICT,
  } as const;
  t.match(auditEntry(act, { ok: false, refusal }, false, NOW), {
    kind: 'refusal',
    rotationId: 'r-1',
    message: 'declares retire: refused, no',
    detail: { verdict: 'closed' },
  });
  t.equal(auditEntry(start, { ok: false, refusal }, false, NOW).rotationId, null);
  t.same(auditEntry(act, { ok: false, refusal }, true, NOW), {
    atMs: 1,
    kind: 'refusal',
    rotationId: null,
    actor: 'ops',
    action: 'declare_retire',
    message: 'declare_retire: refused, no',
    detail: { verdict: 'closed' },
  });
  const unreadable = { ...refusal, field: 'by' };
  t.equal(auditEntry(act, { ok: false, refusal: unreadable }, true, NOW).actor, 'unreadable');
  t.equal(auditEntry(act, { ok: false, refusal: unreadable }, false, NOW).actor, 'ops');
  t.end();
});

t.test('no thumbprint of a secret is kept, one of a key is', (t) => {
  const [[start]] = SENTENCES as [[Act, string]];
  const kept = (alg: string) => {
    const act = { ...start, alg, newThumbprint: 'x'.repeat(43) } as Act;
    return auditEntry(act, DONE, false, NOW).detail['newThumbprint'];
  };
  t.equal(kept('RS256'), 'x'.repeat(43));
  t.equal(kept('HS256'), null);
  t.end();
});

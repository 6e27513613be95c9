import t from 'tap';
import { auditEntry } from '../../../src/core/act/audit-entry.ts';
import type { Act, ActResult } from '../../../src/core/acts.ts';

const DONE: ActResult = {
  ok: true,
  rotation: null,
  verdict: null,
  attestation: null,
  waiver: null,
  rehearsal: null,
  removed: 0,
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

import { ID_LIMITS } from '@keyturn/shared/model/ids.ts';
import t from 'tap';
import type { Act } from '../../src/core/acts.ts';
import { DECLARE, REMOVE, START } from '../support/acts.ts';
import { rotating } from '../support/rotating.ts';

t.test('texts that are refused before anything is looked at, and audited as unreadable', (t) => {
  const long = 'x'.repeat(ID_LIMITS.kidBytes + 1);
  const longest = 'x'.repeat(ID_LIMITS.issuerBytes + 1);
  const rows: [string, Act, string | undefined, RegExp?][] = [
    ['a reason as long as it may be', { ...REMOVE, reason: longest.slice(1) }, undefined],
    ['a reason that is longer', { ...REMOVE, reason: longest }, 'reason'],
    ['a reason longer than any kid', { ...REMOVE, reason: long }, undefined],
    ['a new kid', { ...START, newKid: long.slice(1) }, undefined],
    ['a new kid that is too long', { ...START, newKid: long }, 'new_kid'],
    ['an old kid that is too long', { ...START, oldKid: long }, 'old_kid'],
    ['blanks', { ...REMOVE, reason: '   ' }, 'reason', /^expected text, got blanks only$/],
    ['control characters', { ...REMOVE, reason: 'a\u0000b' }, 'reason'],
    ['an algorithm that is no name', { ...START, alg: 'a b' }, 'alg'],
    [
      'a thumbprint that is too short',
      { ...START, newThumbprint: 'short' },
      'new_thumbprint',
      /^expected 43 base64url characters \(RFC 7638, SHA-256\), got 5$/,
    ],
    ['a thumbprint', { ...START, newThumbprint: 'x'.repeat(43) }, undefined],
    [
      'a confirmation with a kid that is too long',
      { ...DECLARE, step: 'taint', confirm: { oldKid: long, seenAtMs: 1 } },
      'confirm.old_kid',
    ],
    ['no confirmation', { ...DECLARE, step: 'retire', confirm: null }, undefined],
  ];
  const { world } = rotating();
  for (const [name, act, field, message] of rows) {
    const result = world.act(act);
    const refusal = result.ok ? undefined : result.refusal;
    const isText = refusal?.code === 'invalid' && refusal.field === field;
    if (field === undefined) {
      const texts = ['reason', 'new_kid', 'old_kid', 'alg', 'new_thumbprint', 'confirm.old_kid'];
      t.notOk(refusal?.code === 'invalid' && texts.includes(refusal.field ?? ''), name);
    } else t.ok(isText, `${name}: ${refusal?.field}`);
    if (message !== undefined) t.match(refusal?.message, message, name);
    const [entry] = world.store.audit({ limit: 1_000 }).slice(-1);
    t.match(entry, { kind: result.ok ? 'act' : 'refusal' }, `${name}: audited`);
  }
  t.end();
});

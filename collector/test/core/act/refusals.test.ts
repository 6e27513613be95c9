import t from 'tap';
import type { Act, RefusalCode } from '../../../src/core/acts.ts';
import { ATTEST, DECLARE, LEDGER, MOBILE, REMOVE, START, WAIVE } from '../../support/acts.ts';
import { keyOf, NEW, OLD } from '../../support/policies.ts';
import { rotating } from '../../support/rotating.ts';
import type { Rotating } from '../../support/rotating.ts';

interface Refused {
  readonly name: string;
  readonly act: Act;
  readonly given?: (rotation: Rotating) => void;
  readonly code: RefusalCode;
  readonly field: string;
  readonly message: RegExp;
}

const ended = ({ world, id }: Rotating): void => void world.declare(id, 'abort');

const REFUSALS: readonly Refused[] = [
  {
    name: 'start: an issuer nobody configured',
    act: { ...START, issuer: 'https://nobody.test' },
    code: 'not_found',
    field: 'issuer',
    message: /not configured/,
  },
  {
    name: 'start: one is open already',
    act: START,
    code: 'conflict',
    field: 'issuer',
    message: /rotation r-1 is open for this issuer and alg/,
  },
  {
    name: 'start: an id that is taken',
    act: { ...START, id: 'r-1' },
    given: ended,
    code: 'conflict',
    field: 'id',
    message: /r-1 exists already/,
  },
  {
    name: 'start: another alg, the same keys',
    act: { ...START, alg: 'PS256', oldKid: 'plain', newKid: 'new' },
    given: ({ world }) => world.sight([OLD, NEW, { ...keyOf('plain'), alg: '' }]),
    code: 'conflict',
    field: 'new_kid',
    message: /rotation r-1 is open for old and new/,
  },
  {
    name: 'start: an old key that is not published',
    act: { ...START, oldKid: 'never' },
    given: ended,
    code: 'invalid',
    field: 'old_kid',
    message: /expected a key the issuer publishes now, got never/,
  },
  {
    name: 'start: several keys could be the old one',
    act: START,
    given: (rotation) => {
      ended(rotation);
      rotation.world.sight([OLD, NEW, keyOf('third')]);
    },
    code: 'invalid',
    field: 'old_kid',
    message: /expected one of the published keys old, third, got none/,
  },
  {
    name: 'start: to the same kid',
    act: { ...START, oldKid: 'old', newKid: 'old' },
    given: ended,
    code: 'invalid',
    field: 'new_kid',
    message: /another kid/,
  },
  {
    name: 'start: another alg, the old key not named',
    act: { ...START, alg: 'ES256' },
    given: ended,
    code: 'invalid',
    field: 'old_kid',
    message: /got none for ES256; where the algorithm changes, name the old key/,
  },
  {
    name: 'start: another alg, from one that a rotation is open for',
    act: { ...START, oldKid: 'third', newKid: 'fourth', alg: 'ES256' },
    given: ({ world }) => world.sight([OLD, NEW, keyOf('third')]),
    code: 'conflict',
    field: 'issuer',
    message: /rotation r-1 is open for this issuer and alg \(RS256\)/,
  },
  {
    name: 'start: a kid of a megabyte',
    act: { ...START, newKid: 'x'.repeat(1_000_000) },
    code: 'invalid',
    field: 'new_kid',
    message: /at most 128 bytes/,
  },
  {
    name: 'start: an alg that is none',
    act: { ...START, alg: 'RS 256' },
    code: 'invalid',
    field: 'alg',
    message: /letters, digits/,
  },
  {
    name: 'start: half a thumbprint',
    act: { ...START, newThumbprint: 'abc' },
    code: 'invalid',
    field: 'new_thumbprint',
    message: /expected 43 base64url characters/,
  },
  {
    name: 'declare: no such rotation',
    act: { ...DECLARE, rotationId: 'r-9' },
    code: 'not_found',
    field: 'rotation_id',
    message: /keyturn rotation list/,
  },
  {
    name: 'declare: it has ended',
    act: DECLARE,
    given: ended,
    code: 'conflict',
    field: 'rotation_id',
    message: /rotation r-1 is aborted/,
  },
  {
    name: 'declare: the gate is not open',
    act: DECLARE,
    given: ({ b }) => void b.report({ keys: [OLD] }),
    code: 'gate_not_open',
    field: 'step',
    message: /gate activate is closed: 1 verifier without evidence of key new/,
  },
  {
    name: 'declare: an override without a reason',
    act: { ...DECLARE, overrideReason: '' },
    code: 'invalid',
    field: 'override_reason',
    message: /expected text/,
  },
  {
    name: 'attest: no such rotation',
    act: { ...ATTEST, rotationId: 'r-9' },
    code: 'not_found',
    field: 'rotation_id',
    message: /no rotation r-9/,
  },
  {
    name: 'attest: it has ended',
    act: ATTEST,
    given: ended,
    code: 'conflict',
    field: 'rotation_id',
    message: /aborted/,
  },
  {
    name: 'attest: a service nobody declared',
    act: { ...ATTEST, service: 'stranger' },
    code: 'not_found',
    field: 'service',
    message: /not declared/,
  },
  {
    name: 'attest: a service judged by evidence',
    act: { ...ATTEST, service: 'orders' },
    code: 'invalid',
    field: 'service',
    message: /judged by evidence \(present\)/,
  },
  {
    name: 'attest: for ever',
    act: { ...ATTEST, validForMs: 401 * 86_400_000 },
    code: 'invalid',
    field: 'valid_for',
    message: /at most 400 days/,
  },
  {
    name: 'attest: for no time',
    act: { ...ATTEST, validForMs: 0 },
    code: 'invalid',
    field: 'valid_for',
    message: /more than zero/,
  },
  {
    name: 'attest: for a time that is no number',
    act: { ...ATTEST, validForMs: Number.NaN },
    code: 'invalid',
    field: 'valid_for',
    message: /more than zero/,
  },
  {
    name: 'attest: without a reason',
    act: { ...ATTEST, reason: '' },
    code: 'invalid',
    field: 'reason',
    message: /expected text/,
  },
  {
    name: 'attest: until a moment that has passed',
    act: { ...ATTEST, validForMs: -60_000 },
    code: 'invalid',
    field: 'valid_for',
    message: /more than zero/,
  },
  {
    name: 'attest: by nobody',
    act: { ...ATTEST, by: '' },
    code: 'invalid',
    field: 'by',
    message: /expected text, got an empty string/,
  },
  {
    name: 'attest: by blanks',
    act: { ...ATTEST, by: '   ' },
    code: 'invalid',
    field: 'by',
    message: /expected text, got blanks only/,
  },
  {
    name: 'attest: for a reason of blanks',
    act: { ...ATTEST, reason: '\u00a0 ' },
    code: 'invalid',
    field: 'reason',
    message: /blanks only/,
  },
  {
    name: 'attest: that a population knows the new key',
    act: { ...ATTEST, service: 'mobile-app' },
    code: 'invalid',
    field: 'service',
    message: /kind unmanaged: nobody can see its verifiers.*waive population_covered/,
  },
  {
    name: 'attest: for one of a population',
    act: { ...ATTEST, service: 'mobile-app', instance: 'phone-1', fact: 'rejects_old' },
    code: 'invalid',
    field: 'instance',
    message: /expected none: mobile-app is of kind unmanaged/,
  },
  {
    name: 'attest: an id that is taken',
    act: { ...ATTEST, id: 'att-2' },
    given: ({ world }) => void world.act({ ...ATTEST, id: 'att-2' }),
    code: 'conflict',
    field: 'id',
    message: /att-2 exists already/,
  },
  {
    name: 'waive: by nobody',
    act: { ...WAIVE, by: ' ' },
    code: 'invalid',
    field: 'by',
    message: /blanks only/,
  },
  {
    name: 'waive: until a moment that has passed',
    act: { ...WAIVE, validForMs: -1 },
    code: 'invalid',
    field: 'valid_for',
    message: /more than zero/,
  },
  {
    name: 'attest: an instance that is no name',
    act: { ...ATTEST, instance: 'a b' },
    code: 'invalid',
    field: 'instance',
    message: /letters, digits/,
  },
  {
    name: 'waive: a check the gate does not have',
    act: { ...WAIVE, checkId: 'luck' },
    code: 'invalid',
    field: 'check_id',
    message: /expected one of no_alert, collector_ready, .*got luck/,
  },
  {
    name: 'waive: one that cannot be waived',
    act: { ...WAIVE, checkId: 'store_writable' },
    code: 'invalid',
    field: 'check_id',
    message: /cannot be waived/,
  },
  {
    name: 'waive: by somebody with a line break',
    act: { ...WAIVE, by: 'ana\nroot' },
    code: 'invalid',
    field: 'by',
    message: /printable/,
  },
  {
    name: 'waive: no such rotation',
    act: { ...WAIVE, rotationId: 'r-9' },
    code: 'not_found',
    field: 'rotation_id',
    message: /no rotation r-9/,
  },
  {
    name: 'waive: it has ended',
    act: WAIVE,
    given: ended,
    code: 'conflict',
    field: 'rotation_id',
    message: /aborted/,
  },
  {
    name: 'remove: nobody of that name',
    act: { ...REMOVE, instance: 'z' },
    code: 'not_found',
    field: 'instance',
    message: /no verifier orders\/z is known/,
  },
  {
    name: 'remove: one that reports',
    act: REMOVE,
    code: 'conflict',
    field: 'instance',
    message: /orders\/a\/jwks is reporting/,
  },
];

for (const refused of REFUSALS) {
  t.test(`refused: ${refused.name}`, (t) => {
    const rotation = rotating({ services: [LEDGER, MOBILE] });
    rotation.world.attest('r-1', 'ledger');
    refused.given?.(rotation);
    const { world } = rotation;
    const before = [
      world.state.rotations.size,
      world.state.waivers.size,
      world.state.attestations.size,
    ];
    const result = world.act(refused.act);
    if (result.ok) {
      t.fail('carried out');
      t.end();
      return;
    }
    t.equal(result.refusal.code, refused.code);
    t.equal(result.refusal.field, refused.field);
    t.match(result.refusal.message, refused.message);
    t.same(
      [world.state.rotations.size, world.state.waivers.size, world.state.attestations.size],
      before,
      'and nothing happened',
    );
    const last = world.store.audit({ limit: 10_000 }).at(-1);
    t.match(last, { kind: 'refusal', message: refused.message }, 'on record');
    t.end();
  });
}

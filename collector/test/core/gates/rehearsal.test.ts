import type { Check, CheckStatus, Offender } from '@keyturn/shared/model/verdict.ts';
import t from 'tap';
import { rehearsalStatus, rehearsedCheck } from '../../../src/core/gates/rehearsal.ts';
import { NEW } from '../../support/policies.ts';
import { rotating } from '../../support/rotating.ts';
import { holding, NEW_SECRET, secretRotating } from '../../support/secret-rotating.ts';
import type { World } from '../../support/world.ts';

/** Every check of one rehearsal as it is remembered. */
function remembered(world: World, id: string): readonly string[] {
  const result = world.rehearse(id);
  if (!result.ok) throw new Error(result.refusal.message);
  return (result.rehearsal?.checks ?? []).map(
    ({ status, id, class: kind, message, offenders, offenderCount }) =>
      [
        `${status} ${kind} ${id}: ${message}`,
        ...offenders,
        ...(offenderCount > 0 ? [offenderCount] : []),
      ].join(' | '),
  );
}

t.test('what a rehearsal of public keys asks', (t) => {
  const { world, id, b } = rotating();
  b.report({ keys: [NEW] });
  t.same(remembered(world, id), [
    'pass health collector_ready: the collector has heard the fleet since it started',
    'pass health store_writable: the store takes writes',
    'pass health fleet_within_bounds: no verifier was turned away',
    'pass policy old_key_trusted: old is not tainted',
    'pass health jwks_healthy: the JWKS is readable at 1 vantage',
    'pass health clock_agrees: the clocks of collector and issuer agree',
    'pass evidence old_key_published: key old is still served',
    'unknown evidence old_key_held: nothing shows that 1 verifier still holds old | orders/b/jwks undecided | 1',
    'pass coverage fleet_heard: 1 service report in full',
    'pass policy rollback_window: the issuer keeps the private key of old for a time after the switch',
    'pass policy old_key_available: tester says that old can sign again',
  ]);
  t.end();
});

t.test('what a rehearsal of secrets asks', (t) => {
  const { world, id, b } = secretRotating();
  b.report(holding([NEW_SECRET]));
  t.same(remembered(world, id), [
    'pass health collector_ready: the collector has heard the fleet since it started',
    'pass health store_writable: the store takes writes',
    'pass health fleet_within_bounds: no verifier was turned away',
    'pass policy old_key_trusted: s1 is not tainted',
    "pass health clock_agrees: this gate waits by the collector's own clock alone",
    'fail evidence old_key_held: 1 verifier without secret s1 | orders/b/jwks dropped_old | 1',
    'pass coverage fleet_heard: 1 service report in full',
    'pass policy rollback_window: the issuer keeps secret s1 for a time after the switch',
    'pass policy old_key_available: tester says that s1 can sign again',
  ]);
  t.end();
});

t.test('a rehearsal ends as its checks do', (t) => {
  const { world, id } = rotating();
  const [first] = world.gate(id, 'activate').checks;
  if (first === undefined) throw new Error('no check');
  const of = (...statuses: CheckStatus[]) =>
    rehearsalStatus(statuses.map((status) => ({ ...first, status })));
  t.equal(of('pass', 'pass'), 'passed');
  t.equal(of('pass', 'unknown'), 'unknown');
  t.equal(of('unknown', 'fail'), 'failed');
  t.end();
});

t.test('it remembers ten offenders by name, and how many there were', (t) => {
  const offender = (instance: string, cache: string): Offender => ({
    service: 'orders',
    instance,
    cache,
    state: 'silent',
    sinceMs: 1,
    detail: 'not heard',
  });
  const offenders = Array.from({ length: 12 }, (_, n) => offender(`i${n}`, n === 0 ? '' : 'jwks'));
  const check: Check = {
    id: 'old_key_held',
    status: 'unknown',
    class: 'evidence',
    message: '40 of 50 hold it',
    offenders,
    offenderCount: 40,
    sinceMs: 1,
    clearsAtMs: null,
    help: '',
  };
  const kept = rehearsedCheck(check);
  t.same(kept, {
    id: 'old_key_held',
    status: 'unknown',
    class: 'evidence',
    message: '40 of 50 hold it',
    offenders: [
      'orders/i0 silent',
      ...Array.from({ length: 9 }, (_, n) => `orders/i${n + 1}/jwks silent`),
    ],
    offenderCount: 40,
  });
  t.end();
});

import t from 'tap';
import { bogusSignatureAccepted } from '../../../../src/core/alerts/rules/bogus-signature-accepted.ts';
import { ISSUER } from '../../../support/policies.ts';
import { KNOWS, ProbingWorld, TAKES_ANYTHING } from '../../../support/probing.ts';
import { alertStatus, judgementOf, ruleTable } from '../judging.ts';

const LABELS = { issuer: ISSUER, service: 'orders' };

function probed(answers: typeof KNOWS): ProbingWorld {
  const world = new ProbingWorld();
  world.publish();
  world.probe(answers);
  return world;
}

ruleTable(t, bogusSignatureAccepted, [
  { name: 'nobody was probed', given: () => new ProbingWorld(), labels: LABELS, said: 'absent' },
  { name: 'it refused a bogus token', given: () => probed(KNOWS), labels: LABELS, said: 'absent' },
  {
    name: 'it took one',
    given: () => probed(TAKES_ANYTHING),
    labels: LABELS,
    said: 'present',
    severity: 'critical',
    summary: /^1 verifier of service orders accepted a token .* no key protects it/,
    details: [/^orders\/a\/jwks accepted it at 2026/],
  },
  {
    name: 'it took one and is silent: what it does is not known, and nothing better either',
    given: () => {
      const world = probed(TAKES_ANYTHING);
      world.pass(60_000, { silent: ['orders/a'] });
      return world;
    },
    labels: LABELS,
    said: 'present',
  },
  {
    name: 'it took one and said goodbye',
    given: () => {
      const world = probed(TAKES_ANYTHING);
      world.a.goodbye();
      return world;
    },
    labels: LABELS,
    said: 'absent',
  },
]);

t.test('fooling: starting anew does not clear it, refusing one does', async (t) => {
  const world = probed(TAKES_ANYTHING);
  world.take({ type: 'tick' });
  t.equal(alertStatus(world, 'BogusSignatureAccepted', LABELS), 'firing');
  world.reboot();
  t.match(judgementOf(world, bogusSignatureAccepted, LABELS), { status: 'present' });
  world.pass(61_000);
  world.probe(KNOWS);
  world.pass(1_000);
  t.equal(alertStatus(world, 'BogusSignatureAccepted', LABELS), 'resolved');
});

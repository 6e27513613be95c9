import { GATES } from '@keyturn/shared/model/verdict.ts';
import t from 'tap';
import { ALERTS_MAX, reconcile } from '../../../src/core/alerts/reconcile.ts';
import type { AlertName } from '../../../src/core/alerts/catalogue.ts';
import type { Policy } from '../../../src/core/policy.ts';
import { judgeIn } from '../../support/alerting.ts';
import { ISSUER, policyOf, serviceOf } from '../../support/policies.ts';
import { ORDERS, type Rotating, rotating } from '../../support/rotating.ts';
import { blockers, checkOf } from '../../support/world.ts';

const SHUT = ['activate', 'retire', 'purge'] as const;
const ABORT: Partial<Policy> = {
  alerts: { ...policyOf([]).alerts, onAlert: 'abort' },
};
const TIP = serviceOf('tip', { required: false });

type Given = (rotating: Rotating) => void;
const failures: AlertName = 'VerificationFailures';

/** What happens, and whether `activate`, which is open without it, is shut by an alert then. */
const STORIES: readonly (readonly [name: string, given: Given, isShut: boolean])[] = [
  ['nothing fires', () => undefined, false],
  ['it fires for the rotation', ({ world, id }) => fire(world, failures, { rotation: id }), true],
  [
    'for another rotation',
    ({ world }) => fire(world, failures, { rotation: 'r-9', issuer: 'https://other' }),
    false,
  ],
  ['for the issuer', ({ world }) => fire(world, 'JwksRegressed', { issuer: ISSUER }), true],
  ['for another issuer', ({ world }) => fire(world, failures, { issuer: 'https://other' }), false],
  ['for the whole fleet', ({ world }) => fire(world, failures, {}), true],
  [
    'for a required service',
    ({ world }) => fire(world, failures, { issuer: ISSUER, service: 'orders' }),
    true,
  ],
  [
    'for one nobody declared',
    ({ world }) => fire(world, failures, { issuer: ISSUER, service: 'x' }),
    true,
  ],
  [
    'for an optional service',
    ({ world }) => fire(world, failures, { issuer: ISSUER, service: 'tip' }),
    false,
  ],
  [
    'a kind that shuts nothing',
    ({ world }) => fire(world, 'StaleCache', { issuer: ISSUER }),
    false,
  ],
  [
    'a kid of the rotation is reused',
    ({ world }) => fire(world, 'KidReused', { issuer: ISSUER, kid: 'old' }),
    true,
  ],
  ['another kid is', ({ world }) => fire(world, 'KidReused', { issuer: ISSUER, kid: 'k0' }), false],
  [
    'whether it is over cannot be seen',
    ({ world, id }) => {
      fire(world, failures, { rotation: id });
      judgeIn(world, failures, { rotation: id }, 'unknown');
    },
    true,
  ],
  [
    'nothing is judged for a long time',
    ({ world, id }) => {
      fire(world, failures, { rotation: id });
      world.pass(3_600_000);
    },
    true,
  ],
  [
    'it is over',
    ({ world, id }) => {
      fire(world, failures, { rotation: id });
      judgeIn(world, failures, { rotation: id }, 'over');
    },
    false,
  ],
  [
    'it is silenced, taken on, and not seen any more',
    ({ world, id }) => {
      const alert = judgeIn(world, failures, { rotation: id });
      const by = { by: 'ana', reason: 'the pager is loud' };
      const matcher = { name: null, labels: {}, everything: true };
      world.act({ type: 'silence', id: 's', ...by, ...matcher, validForMs: 86_400_000 });
      world.act({ type: 'acknowledge', ...by, alertId: alert?.id ?? '' });
      judgeIn(world, failures, { rotation: id }, 'unknown');
      world.pass(60_000);
    },
    true,
  ],
  [
    'it is over and comes again',
    ({ world, id }) => {
      for (const status of ['present', 'over', 'present'] as const) {
        judgeIn(world, failures, { rotation: id }, status);
        world.pass(1_000);
      }
    },
    true,
  ],
  [
    'the collector restarts',
    ({ world, id }) => {
      fire(world, failures, { rotation: id });
      world.restart();
      for (const name of ['a', 'b']) world.join('orders', name).report({ keys: world.served });
      judgeIn(world, failures, { rotation: id }, 'over');
      world.pass(60_000);
    },
    true,
  ],
];

function fire(world: Rotating['world'], name: AlertName, labels: Parameters<typeof judgeIn>[2]) {
  judgeIn(world, name, labels);
}

for (const [name, given, isShut] of STORIES) {
  void t.test(name, async (t) => {
    const story = rotating({ services: [TIP] });
    // The optional service never reports, so it may be there.
    story.world.pass(20_000);
    t.same(blockers(story.world.gate(story.id, 'activate')), []);
    given(story);
    const verdict = story.world.gate(story.id, 'activate');
    t.equal(verdict.status, isShut ? 'closed' : 'open');
    t.same(blockers(verdict), isShut ? ['no_alert:fail'] : []);
  });
}

t.test('which gates ask, and what they say', async (t) => {
  const { world, id } = rotating({ until: 'switched' });
  judgeIn(world, 'StaleCache', { issuer: ISSUER });
  const alert = judgeIn(world, failures, { rotation: id, service: 'orders' });
  judgeIn(world, 'JwksRegressed', { issuer: ISSUER });
  for (const gate of GATES) {
    const asked = world.gate(id, gate).checks.find((check) => check.id === 'no_alert');
    t.equal(asked?.status, SHUT.some((shut) => shut === gate) ? 'fail' : undefined, gate);
  }
  const check = checkOf(world.gate(id, 'retire'), 'no_alert');
  t.equal(
    check.message,
    'alert VerificationFailures fires for orders since 2026-01-01T00:01:30Z: Tokens are refused for reasons a key rotation causes; and 1 more alert',
  );
  t.match(check, { sinceMs: world.atMs, help: `keyturn alerts show ${alert?.id ?? ''}` });
});

t.test('going back stays open, and is advised while an alert says so', async (t) => {
  const { world, id } = rotating({ until: 'switched' });
  t.equal(world.gate(id, 'rollback').advised, false);
  judgeIn(world, failures, { rotation: id });
  const verdict = world.gate(id, 'rollback');
  t.match(verdict, { status: 'open', advised: true });
  t.match(
    checkOf(verdict, 'new_key_failures').message,
    /could cause; alert VerificationFailures fires since .* \(keyturn alerts show al-/,
  );
  judgeIn(world, failures, { rotation: id }, 'unknown');
  t.equal(world.gate(id, 'rollback').advised, true, 'as long as its end is not seen');
  judgeIn(world, failures, { rotation: id }, 'over');
  t.equal(world.gate(id, 'rollback').advised, false);
  judgeIn(world, 'JwksRegressed', { issuer: ISSUER });
  t.equal(world.gate(id, 'rollback').advised, false, 'a kind that going back does not cure');
});

t.test('what failed before the switch does not advise going back', async (t) => {
  const { world, id } = rotating();
  judgeIn(world, failures, { issuer: ISSUER });
  t.match(world.gate(id, 'rollback'), { advised: false, status: 'closed' });
  world.pass(1_000);
  world.declare(id, 'activate', 'the pager is on fire anyway');
  t.equal(world.gate(id, 'rollback').advised, false);
  judgeIn(world, failures, { issuer: ISSUER }, 'over');
  world.pass(1_000);
  judgeIn(world, failures, { issuer: ISSUER });
  t.equal(world.gate(id, 'rollback').advised, true);
  world.declare(id, 'rollback', 'advised');
  t.equal(world.gate(id, 'rollback').advised, false, 'and once it was done, no more');
});

t.test('policy may call it an abortion, until it is over', async (t) => {
  const { world, id } = rotating({ policy: ABORT });
  world.pass(20_000);
  judgeIn(world, failures, { rotation: id });
  const verdict = world.gate(id, 'activate');
  t.match(verdict, { status: 'aborted', clearsAtMs: null });
  const refused = world.declare(id, 'activate');
  t.match(refused, {
    ok: false,
    refusal: { code: 'gate_not_open', message: /^gate activate is aborted: alert Verif/ },
  });
  t.equal(world.gate(id, 'publish').status, 'open');
  t.not(world.gate(id, 'rollback').status, 'aborted');
  t.ok(world.waive(id, 'activate', 'no_alert').ok);
  t.equal(world.gate(id, 'activate').status, 'open', 'set aside by name');
  world.pass(3_600_000);
  t.equal(world.gate(id, 'activate').status, 'aborted', 'and no longer than said');
  judgeIn(world, failures, { rotation: id }, 'over');
  t.equal(world.gate(id, 'activate').status, 'open');
});

t.test('a rotation begun anew is not rid of what fires', async (t) => {
  const { world, id } = rotating();
  world.pass(20_000);
  judgeIn(world, failures, { rotation: id });
  world.declare(id, 'abort');
  const next = world.start();
  t.equal(checkOf(world.gate(next, 'activate'), 'no_alert').status, 'fail');
  judgeIn(world, failures, { rotation: id }, 'over');
  t.equal(checkOf(world.gate(next, 'activate'), 'no_alert').status, 'pass');
});

t.test('the stretch of stability begins anew when the alert is over', async (t) => {
  const { world, id } = rotating({ policy: { stableForMs: 30_000 } });
  world.pass(60_000);
  t.equal(world.gate(id, 'activate').status, 'open');
  judgeIn(world, failures, { rotation: id });
  world.pass(1_000);
  judgeIn(world, failures, { rotation: id }, 'over');
  t.same(blockers(world.gate(id, 'activate')), ['stable:fail']);
});

t.test('conditions beyond what can be kept leave gates unknown', async (t) => {
  const { world, id } = rotating();
  world.pass(20_000);
  const judgements = Array.from({ length: ALERTS_MAX }, (_, at) => ({
    status: 'present' as const,
    name: 'JwksRegressed' as const,
    labels: { issuer: 'https://other.test', address: `https://edge-${at}.test/jwks` },
    summary: 'an older set is served',
  }));
  const names = new Set(['JwksRegressed']);
  reconcile(world.state, names, judgements, true, world.now(), []);
  judgeIn(world, failures, { rotation: id });
  t.same(blockers(world.gate(id, 'activate')), ['no_alert:unknown']);
  world.pass(2_000);
  reconcile(world.state, names, judgements.slice(1), true, world.now(), []);
  judgeIn(world, failures, { rotation: id });
  t.same(blockers(world.gate(id, 'activate')), ['no_alert:fail'], 'what is over made room');
  t.equal(world.state.health.droppedAlerts, 1);
});

t.test('an emergency may skip it by policy', async (t) => {
  const emergency = { ...policyOf([]).emergency, skip: ['no_alert'] };
  const { world, id } = rotating({ services: [ORDERS], policy: { emergency } });
  world.pass(20_000);
  judgeIn(world, failures, { rotation: id });
  world.declare(id, 'taint');
  t.equal(checkOf(world.gate(id, 'activate'), 'no_alert').status, 'waived');
});

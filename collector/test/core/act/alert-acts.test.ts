import t from 'tap';
import { SILENCE_MAX_MS, SILENCES_MAX } from '../../../src/core/act/silence.ts';
import type { Act, ActResult } from '../../../src/core/acts.ts';
import type { AlertLabels } from '../../../src/core/alerts/alert.ts';
import type { AlertName } from '../../../src/core/alerts/catalogue.ts';
import { muteOf } from '../../../src/core/alerts/mute.ts';
import { judgeIn } from '../../support/alerting.ts';
import { ISSUER, policyOf } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

const HOUR_MS = 3_600_000;
const LABELS: AlertLabels = { issuer: ISSUER, service: 'orders' };
const NAME: AlertName = 'VerificationFailures';

type Silence = Extract<Act, { readonly type: 'silence' }>;
const SILENCE: Silence = {
  type: 'silence',
  id: 's1',
  by: 'ana',
  name: NAME,
  labels: { service: 'orders' },
  everything: false,
  reason: 'the load test',
  validForMs: HOUR_MS,
};

function begin(): World {
  const alerts = { ...policyOf([]).alerts, receivers: ['pager'] };
  const world = new World(policyOf([], { alerts }));
  world.pass(60_000);
  world.sight();
  return world;
}

/** What receivers were told of kind `NAME`, in order, by change and status. */
function told(world: World): readonly string[] {
  return [...world.state.notices.values()].flatMap(({ news }) =>
    news.kind === 'alert' && news.alert.name === NAME
      ? [`${news.change} ${news.alert.status}`]
      : [],
  );
}

function audited(world: World): readonly string[] {
  return world.store.audit({ limit: 1_000 }).map(({ action, kind }) => `${kind} ${action}`);
}

function refusal(result: ActResult): string {
  return result.ok ? 'done' : `${result.refusal.code} ${result.refusal.field}`;
}

t.test('silences that are refused, and why', async (t) => {
  const world = begin();
  const rows: readonly (readonly [name: string, part: Partial<Silence>, refusal: string])[] = [
    ['by nobody', { by: '' }, 'invalid by'],
    ['by blanks', { by: '  ' }, 'invalid by'],
    ['without a reason', { reason: ' ' }, 'invalid reason'],
    ['for no time', { validForMs: 0 }, 'invalid valid_for'],
    ['until a moment in the past', { validForMs: -1 }, 'invalid valid_for'],
    ['for what is no duration', { validForMs: Number.NaN }, 'invalid valid_for'],
    ['for ever', { validForMs: Number.POSITIVE_INFINITY }, 'invalid valid_for'],
    ['a moment longer than it may', { validForMs: SILENCE_MAX_MS + 1 }, 'invalid valid_for'],
    ['as long as it may', { validForMs: SILENCE_MAX_MS }, 'done'],
    ['of a name that is none', { name: 'Boom' }, 'invalid name'],
    ['of a label that is none', { labels: { colour: 'red' } }, 'invalid labels'],
    ['of a label from everywhere', { labels: { ['__proto__x']: 'red' } }, 'invalid labels'],
    ['with an empty label', { labels: { service: '' } }, 'invalid labels.service'],
    ['with a label of control characters', { labels: { kid: 'a\u0007' } }, 'invalid labels.kid'],
    ['with a label that is too long', { labels: { kid: 'k'.repeat(513) } }, 'invalid labels.kid'],
    ['of everything, by accident', { name: null, labels: {} }, 'invalid everything'],
    ['of everything, as said', { name: null, labels: {}, everything: true }, 'done'],
    ['under an id that is taken', { id: 'row 8' }, 'conflict id'],
  ];
  for (const [at, [name, part, expected]] of rows.entries()) {
    t.equal(refusal(world.act({ ...SILENCE, id: `row ${at}`, ...part })), expected, name);
    const [entry] = world.store.audit({ limit: 1_000 }).slice(-1);
    t.match(entry, { action: 'silence', kind: expected === 'done' ? 'act' : 'refusal' }, name);
  }
});

t.test('there are only so many silences', async (t) => {
  const world = begin();
  for (let at = 0; at < SILENCES_MAX; at += 1) {
    t.ok(world.act({ ...SILENCE, id: `s${at}` }).ok);
  }
  t.equal(refusal(world.act({ ...SILENCE, id: 'one more' })), 'conflict id');
  world.pass(HOUR_MS + 1_000);
  t.equal(world.state.silences.size, 0);
  t.equal(refusal(world.act({ ...SILENCE, id: 'one more' })), 'done');
});

t.test('a silence keeps an alert from being told, and nothing else', async (t) => {
  const world = begin();
  world.act(SILENCE);
  const alert = judgeIn(world, NAME, LABELS);
  t.match(alert, { status: 'firing', told: null });
  t.same(told(world), []);
  t.match(alert && muteOf(world.state, alert, world.now()), { kind: 'silenced', by: { id: 's1' } });
  world.pass(HOUR_MS - 1_000);
  t.same(told(world), [], 'to its last second');
  world.pass(1_000);
  t.same(told(world), ['fired firing'], 'what fires still is told when it ends');
  t.equal(world.state.silences.size, 0);
  t.ok(audited(world).includes('observation silence_expired'));
  world.pass(5_000);
  t.same(told(world), ['fired firing'], 'once');
});

t.test('which alerts a silence is of', async (t) => {
  const rows: readonly (readonly [Partial<Silence>, boolean])[] = [
    [{}, true],
    [{ name: null }, true],
    [{ labels: {} }, true],
    [{ labels: LABELS }, true],
    [{ name: 'StaleCache' }, false],
    [{ labels: { service: 'ledger' } }, false],
    [{ labels: { service: 'orders', kid: 'k1' } }, false],
    [{ name: null, labels: {}, everything: true }, true],
  ];
  for (const [part, isSilent] of rows) {
    const world = begin();
    t.ok(world.act({ ...SILENCE, ...part }).ok);
    judgeIn(world, NAME, LABELS);
    t.equal(told(world).length === 0, isSilent, JSON.stringify(part));
  }
});

t.test('a silence outlives a restart, and is over then if its time is', async (t) => {
  const world = begin();
  world.act(SILENCE);
  world.restart();
  judgeIn(world, NAME, LABELS);
  t.same(told(world), []);
  world.restart({ downMs: HOUR_MS });
  judgeIn(world, NAME, LABELS);
  t.same(told(world), ['fired firing'], 'swept or not');
});

t.test('who was told that it fires is told that it is over, silence or not', async (t) => {
  const world = begin();
  judgeIn(world, NAME, LABELS);
  world.act(SILENCE);
  judgeIn(world, NAME, LABELS, 'over');
  t.same(told(world), ['fired firing', 'resolved resolved']);
  const other = begin();
  other.act(SILENCE);
  judgeIn(other, NAME, LABELS);
  judgeIn(other, NAME, LABELS, 'over');
  other.pass(HOUR_MS);
  t.same(told(other), [], 'and who was told nothing is told nothing');
});

t.test('a silence is ended by name, and what fires still is told', async (t) => {
  const world = begin();
  world.act(SILENCE);
  judgeIn(world, NAME, LABELS);
  const end: Act = { type: 'unsilence', by: 'bo', silenceId: 's1', reason: 'over' };
  t.match(world.act(end), { ok: true, silence: { id: 's1' } });
  t.same(told(world), ['fired firing']);
  t.equal(refusal(world.act(end)), 'not_found silence_id');
  t.equal(refusal(world.act({ ...end, by: '' })), 'invalid by');
});

t.test('an acknowledgement is told once, and keeps further news to what is worse', async (t) => {
  const world = begin();
  const alert = judgeIn(world, NAME, LABELS);
  const ack: Act = { type: 'acknowledge', by: 'ana', alertId: alert?.id ?? '', reason: 'on it' };
  t.match(world.act(ack), { ok: true, alert: { status: 'firing', acknowledged: { by: 'ana' } } });
  judgeIn(world, NAME, LABELS, 'unknown');
  t.same(told(world), ['fired firing', 'acknowledged firing'], 'nobody is told of no_data');
  world.restart();
  t.match([...world.state.alerts.values()][0], { acknowledged: { by: 'ana', reason: 'on it' } });
  judgeIn(world, NAME, LABELS);
  world.pass(60_000);
  judgeIn(world, NAME, LABELS, 'over');
  t.equal(told(world).at(-1), 'resolved resolved');
  t.equal(refusal(world.act(ack)), 'conflict alert_id', 'resolved');
  const again = judgeIn(world, NAME, LABELS);
  t.equal(again?.acknowledged, null, 'it ended with the occurrence');
  t.equal(refusal(world.act(ack)), 'not_found alert_id');
  t.equal(refusal(world.act({ ...ack, by: ' ' })), 'invalid by');
  t.equal(refusal(world.act({ ...ack, reason: '' })), 'invalid reason');
});

t.test('what waits for its time cannot be acknowledged', async (t) => {
  const world = begin();
  const alert = judgeIn(world, 'StaleCache', LABELS);
  t.equal(alert?.status, 'pending');
  const ack: Act = { type: 'acknowledge', by: 'ana', alertId: alert?.id ?? '', reason: 'on it' };
  t.equal(refusal(world.act(ack)), 'conflict alert_id');
});

t.test(
  'a kind that inhibits another keeps it from being told, for its issuer or everywhere',
  async (t) => {
    const rows: readonly (readonly [AlertLabels, AlertLabels, boolean])[] = [
      [{}, LABELS, true],
      [{ issuer: ISSUER }, LABELS, true],
      [{ issuer: 'https://other' }, LABELS, false],
      [{ issuer: 'https://other' }, {}, false],
    ];
    for (const [by, of, isQuiet] of rows) {
      const world = begin();
      judgeIn(world, 'FleetSilent', by);
      const alert = judgeIn(world, 'StaleCache', of);
      world.pass(60_000);
      judgeIn(world, 'FleetSilent', by);
      judgeIn(world, 'StaleCache', of);
      const names = (): unknown[] =>
        [...world.state.notices.values()].map(
          ({ news }) => news.kind === 'alert' && `${news.alert.name} ${news.change}`,
        );
      t.equal(names().includes('StaleCache fired'), !isQuiet, JSON.stringify([by, of]));
      t.ok(alert !== undefined);
      judgeIn(world, 'FleetSilent', by, 'over');
      judgeIn(world, 'StaleCache', of);
      t.ok(names().includes('StaleCache fired'), 'told at the latest when that is over');
    }
  },
);

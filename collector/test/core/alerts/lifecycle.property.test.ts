import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { alertIdentity, type AlertRecord, isFiring } from '../../../src/core/alerts/alert.ts';
import type { AlertLabels } from '../../../src/core/alerts/alert.ts';
import type { AlertName, Severity } from '../../../src/core/alerts/catalogue.ts';
import type { Judgement } from '../../../src/core/alerts/judgement.ts';
import type { NoticeRecord } from '../../../src/core/alerts/notice.ts';
import { judgeAll } from '../../support/alerting.ts';
import { ISSUER, policyOf } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

// Any order of judgements, silences, acknowledgements, deliveries, waits and restarts.

const WATCHED: readonly (readonly [AlertName, AlertLabels])[] = [
  ['VerificationFailures', { issuer: ISSUER }],
  ['VerificationFailures', { issuer: ISSUER, service: 'orders' }],
  ['VerifierSilent', { issuer: ISSUER, service: 'orders' }],
  ['FleetSilent', {}],
  // Waits for a minute before it fires.
  ['StaleCache', { issuer: ISSUER, service: 'orders' }],
];
const RECEIVERS = ['pager', 'chat'];

type Judged = Severity | 'unknown' | 'over';
const judged = fc.constantFrom<Judged>('critical', 'warning', 'unknown', 'over', 'over');

const command = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('judge' as const),
      what: fc.tuple(judged, judged, judged, judged, judged),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('acknowledge' as const), which: fc.nat(9) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('silence' as const),
      name: fc.constantFrom<AlertName | null>(null, 'VerificationFailures', 'VerifierSilent'),
      orders: fc.boolean(),
      forS: fc.integer({ min: 1, max: 200 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsilence' as const), which: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), s: fc.integer({ min: 1, max: 120 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deliver' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

/** A world, and what somebody who only looks at it remembers. */
interface Story {
  readonly world: World;
  /** Every notice there ever was, by id. */
  readonly notices: Map<string, NoticeRecord>;
  readonly delivered: Set<string>;
  silences: number;
}

function begin(): Story {
  const alerts = { ...policyOf([]).alerts, receivers: RECEIVERS };
  const world = new World(policyOf([], { alerts }));
  world.pass(60_000);
  return { world, notices: new Map(), delivered: new Set(), silences: 0 };
}

function judgement(at: number, what: Judged): readonly Judgement[] {
  const watched = WATCHED[at];
  if (watched === undefined || what === 'over') return [];
  const [name, labels] = watched;
  if (what === 'unknown') return [{ status: what, name, labels }];
  return [{ status: 'present', name, labels, severity: what, summary: `it is ${what}` }];
}

function perform(story: Story, step: Command): void {
  const { world } = story;
  const { state } = world;
  const reason = 'a property says so';
  switch (step.do) {
    case 'judge':
      // Ticks are never in one millisecond.
      world.atMs += 1;
      judgeAll(
        world,
        WATCHED.map(([name]) => name),
        step.what.flatMap((what, at) => judgement(at, what)),
      );
      return;
    case 'acknowledge': {
      const alert = [...state.alerts.values()][step.which];
      world.act({ type: 'acknowledge', by: 'ana', alertId: alert?.id ?? 'none', reason });
      return;
    }
    case 'silence': {
      const labels: Record<string, string> = step.orders ? { service: 'orders' } : {};
      const id = `s${++story.silences}`;
      const validForMs = step.forS * 1_000;
      world.act({
        type: 'silence',
        id,
        by: 'ana',
        name: step.name,
        labels,
        everything: true,
        reason,
        validForMs,
      });
      return;
    }
    case 'unsilence': {
      const silenceId = [...state.silences.keys()][step.which] ?? 'none';
      world.act({ type: 'unsilence', by: 'ana', silenceId, reason });
      return;
    }
    case 'wait':
      world.pass(step.s * 1_000);
      return;
    case 'deliver': {
      const id = [...state.notices.keys()][step.which];
      if (id === undefined) return;
      story.delivered.add(id);
      world.take({ type: 'notice_delivered', id });
      return;
    }
    case 'restart':
      world.restart();
      return;
  }
}

function open(alerts: Iterable<AlertRecord>): readonly string[] {
  return [...alerts]
    .filter(({ status }) => status !== 'resolved')
    .map(({ name, labels }) => alertIdentity(name, labels));
}

/** Firing ends only where a judgement of its kind says so, and only when it can be told. */
function endsByJudgement(before: readonly AlertRecord[], story: Story, step: Command): void {
  const { health, alerts } = story.world.state;
  for (const alert of before.filter(isFiring)) {
    const after = alerts.get(alertIdentity(alert.name, alert.labels));
    if (after?.id === alert.id && isFiring(after)) continue;
    const at = WATCHED.findIndex(
      ([name, labels]) => alertIdentity(name, labels) === alertIdentity(alert.name, alert.labels),
    );
    assert.equal(step.do, 'judge', `${alert.name} ended by ${step.do}`);
    assert.equal(step.do === 'judge' && step.what[at], 'over');
    assert.ok(story.world.atMs >= health.holdDownUntilMs, 'ended while nobody could tell');
  }
}

/** Each transition of each occurrence is on the trail once, from 1 on without a gap. */
function auditedOnce({ world }: Story): void {
  const seen = new Map<string, number[]>();
  for (const { action, detail, kind } of world.store.audit({ limit: 10_000 })) {
    const isChange = action.startsWith('alert_');
    const isWord = action === 'acknowledge' && kind === 'act';
    if (!isChange && !isWord) continue;
    const id = String(isChange ? detail['alert'] : detail['alertId']);
    const numbers = seen.get(id) ?? [];
    numbers.push(isChange ? Number(detail['transition']) : numbers.length + 1);
    seen.set(id, numbers);
  }
  for (const [id, numbers] of seen) {
    assert.deepEqual(
      numbers,
      numbers.map((_, at) => at + 1),
      `transitions of ${id}`,
    );
  }
  for (const alert of world.state.alerts.values()) {
    assert.equal(seen.get(alert.id)?.length, alert.transition, alert.id);
  }
}

/** What one receiver is told of one occurrence has an order, and is told once. */
function toldInOrder({ notices }: Story): void {
  const told = new Map<string, string[]>();
  for (const { news, receiver } of notices.values()) {
    if (news.kind !== 'alert') continue;
    const about = `${news.alert.id} ${receiver}`;
    told.set(about, [...(told.get(about) ?? []), news.change]);
  }
  for (const [about, changes] of told) {
    assert.equal(changes[0], 'fired', about);
    for (const change of ['fired', 'no_data', 'resolved', 'worse']) {
      assert.ok(changes.filter((one) => one === change).length <= 1, `${about}: ${change} twice`);
    }
    const end = changes.indexOf('resolved');
    assert.ok(end === -1 || end === changes.length - 1, `${about}: news after the end`);
  }
}

/** New notices since the last look; none comes back after its delivery, or while it is silenced. */
function newsOf(story: Story): void {
  const { state, atMs } = story.world;
  for (const [id, notice] of state.notices) {
    if (story.notices.has(id)) {
      assert.ok(!story.delivered.has(id), `${id} is told again`);
      continue;
    }
    story.notices.set(id, notice);
    if (notice.news.kind !== 'alert' || notice.createdAtMs !== atMs) continue;
    const { alert, change } = notice.news;
    if (change === 'resolved' || change === 'acknowledged') continue;
    const silenced = [...state.silences.values()].some(
      ({ name, labels, expiresAtMs }) =>
        expiresAtMs > atMs &&
        (name === null || name === alert.name) &&
        (labels.service === undefined || labels.service === alert.labels.service),
    );
    assert.ok(!silenced, `${alert.name} ${change} was told while silenced`);
  }
}

t.test(
  'one open alert per identity, each change audited and told once, ended by judgement alone',
  async () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (steps) => {
        const story = begin();
        for (const step of steps) {
          const before = [...story.world.state.alerts.values()];
          perform(story, step);
          const { state, store } = story.world;
          for (const alerts of [state.alerts.values(), store.load().alerts]) {
            const identities = open(alerts);
            assert.equal(
              new Set(identities).size,
              identities.length,
              'two open alerts of one identity',
            );
          }
          endsByJudgement(before, story, step);
          newsOf(story);
        }
        auditedOnce(story);
        toldInOrder(story);
      }),
      { numRuns: 150 },
    );
  },
);

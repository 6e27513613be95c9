import t from 'tap';
import { alertIdentity } from '../../../src/core/alerts/alert.ts';
import type { Judgement } from '../../../src/core/alerts/judgement.ts';
import {
  ALERTS_MAX,
  ALERTS_RESERVED,
  RESOLVED_KEPT_MS,
  reconcile,
} from '../../../src/core/alerts/reconcile.ts';
import type { AlertStatus } from '../../../src/core/alerts/alert.ts';
import type { Write } from '../../../src/core/writes.ts';
import { rotation as ROTATION } from '../../store/samples.ts';
import { worldOf } from './alert-world.ts';

const LABELS = { issuer: 'https://issuer.example' };
const present: Judgement = {
  status: 'present',
  name: 'JwksUnreachable',
  labels: LABELS,
  summary: 'cannot be read',
};
const unknown: Judgement = { status: 'unknown', name: 'JwksUnreachable', labels: LABELS };
const over = undefined;

/** What is judged at which second, and the alert's status then; `none`: there is no alert. */
type Row = readonly [atS: number, judged: Judgement | undefined, status: AlertStatus | 'none'];

const STORIES: readonly (readonly [name: string, rows: readonly Row[]])[] = [
  ['nothing seen raises nothing', [[0, over, 'none']]],
  ['what cannot be told raises nothing', [[0, unknown, 'none']]],
  [
    'it waits for its time, and starts anew when it was over in between',
    [
      [0, present, 'pending'],
      [29, present, 'pending'],
      [29.5, over, 'none'],
      [30, present, 'pending'],
      [59, present, 'pending'],
      [60, present, 'firing'],
    ],
  ],
  [
    'missing data never clears it',
    [
      [0, present, 'pending'],
      [30, present, 'firing'],
      [31, unknown, 'no_data'],
      [9_999, unknown, 'no_data'],
      [10_000, present, 'firing'],
      [10_001, unknown, 'no_data'],
      [10_002, over, 'resolved'],
    ],
  ],
  [
    'what was resolved is another alert when it comes again',
    [
      [0, present, 'pending'],
      [30, present, 'firing'],
      [31, over, 'resolved'],
      [32, over, 'resolved'],
      [33, present, 'pending'],
      [63, present, 'firing'],
    ],
  ],
  [
    'it is forgotten in time',
    [
      [0, present, 'pending'],
      [30, present, 'firing'],
      [31, over, 'resolved'],
      [31 + RESOLVED_KEPT_MS / 1_000, over, 'resolved'],
      [32 + RESOLVED_KEPT_MS / 1_000, over, 'none'],
    ],
  ],
];

for (const [name, rows] of STORIES) {
  t.test(name, async (t) => {
    const { state, at } = worldOf();
    for (const [atS, judged, status] of rows) {
      const judgements = judged === undefined ? [] : [judged];
      reconcile(state, new Set(['JwksUnreachable']), judgements, true, at(atS), []);
      const alert = state.alerts.get(alertIdentity('JwksUnreachable', LABELS));
      t.equal(alert?.status ?? 'none', status, `at ${atS} s`);
    }
  });
}

t.test('while nobody can tell, nothing ends', async (t) => {
  const { state, at } = worldOf();
  const names = new Set(['JwksUnreachable']);
  reconcile(state, names, [present], true, at(0), []);
  reconcile(state, names, [present], true, at(30), []);
  reconcile(state, names, [], false, at(31), []);
  t.equal([...state.alerts.values()][0]?.status, 'no_data');
  reconcile(state, names, [], true, at(32), []);
  t.equal([...state.alerts.values()][0]?.status, 'resolved');
});

t.test('every change is audited once, and other words change nothing but the words', async (t) => {
  const { state, at } = worldOf();
  const names = new Set(['JwksUnreachable']);
  const actions = (atS: number, judged: readonly Judgement[]): readonly string[] => {
    const writes: Write[] = [];
    reconcile(state, names, judged, true, at(atS), writes);
    return writes.map((write) => (write.kind === 'audit' ? write.record.action : write.kind));
  };
  t.strictSame(actions(0, [present]), ['alert', 'alert_pending']);
  t.strictSame(actions(1, [present]), []);
  t.strictSame(actions(2, [{ ...present, summary: 'still cannot be read' }]), ['alert']);
  t.strictSame(actions(30, [present]), ['alert', 'alert_firing']);
  t.strictSame(actions(31, [unknown]), ['alert', 'alert_no_data']);
  t.strictSame(actions(32, []), ['alert', 'alert_resolved']);
  t.strictSame(actions(33, [present]), ['alert_removed', 'alert', 'alert_pending']);
  t.strictSame(actions(34, []), ['alert_removed']);
});

t.test('rules of other kinds leave an alert alone', async (t) => {
  const { state, at } = worldOf();
  reconcile(state, new Set(['JwksUnreachable']), [present], true, at(0), []);
  reconcile(state, new Set(['KidReused']), [], true, at(1), []);
  t.equal(state.alerts.size, 1);
});

t.test('a flood of what can wait leaves room for what cannot', async (t) => {
  const { state, at } = worldOf();
  const flood = Array.from(
    { length: ALERTS_MAX },
    (_, at): Judgement => ({
      status: 'present',
      name: 'StaleCache',
      labels: { service: `s${at}` },
      summary: 'stale',
    }),
  );
  const page: Judgement = { ...present, name: 'VerificationFailures' };
  const judged = [...flood, page];
  const names = new Set(judged.map(({ name }) => name));
  reconcile(state, names, judged, true, at(0), []);
  t.equal(state.alerts.size, ALERTS_MAX - ALERTS_RESERVED + 1);
  t.equal(state.health.droppedAlerts, ALERTS_RESERVED);
  t.equal(state.alerts.get(alertIdentity(page.name, LABELS))?.status, 'firing');
  t.equal(state.health.droppedAlertAtMs, null, 'nothing that gates ask for was dropped');
});

t.test('the trail of a rotation that has ended grows no more', async (t) => {
  const { state, at } = worldOf();
  const open = { ...ROTATION, id: 'r-1', endedAtMs: null, outcome: null };
  state.rotations.set('r-1', open);
  const names = new Set(['NewKeyNotServed']);
  const lacking: Judgement = {
    status: 'present',
    name: 'NewKeyNotServed',
    labels: { issuer: open.issuer, rotation: 'r-1' },
    summary: 'lacks it',
  };
  const trails = (atS: number, judged: readonly Judgement[]): readonly (string | null)[] => {
    const writes: Write[] = [];
    reconcile(state, names, judged, true, at(atS), writes);
    return writes.flatMap((write) => (write.kind === 'audit' ? [write.record.rotationId] : []));
  };
  t.strictSame(trails(0, [lacking]), ['r-1']);
  state.rotations.set('r-1', { ...open, endedAtMs: at(1).atMs, outcome: 'completed' });
  t.strictSame(trails(2, []), [null], 'its report has been made');
});

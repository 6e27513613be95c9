import t from 'tap';
import {
  forgetReceivers,
  NOTICES_MAX,
  noticeDelivered,
  noticeFailed,
  restoreNotices,
  tellStep,
} from '../../../src/core/alerts/outbox.ts';
import type { Judgement } from '../../../src/core/alerts/judgement.ts';
import type { State } from '../../../src/core/state.ts';
import type { Write } from '../../../src/core/writes.ts';
import { notice } from '../../store/samples.ts';
import { judge, presentOf, worldOf } from './alert-world.ts';

const present = presentOf();
const worse = presentOf({ severity: 'critical' });
const mild = presentOf({ severity: 'warning' });
const unseen: Judgement = { ...present, status: 'unknown' };

/** `change status receiver` of every notice, in order. */
function told(state: State): readonly string[] {
  return [...state.notices.values()].map(({ news, receiver }) =>
    news.kind === 'alert'
      ? `${news.change} ${news.alert.status} ${receiver}`
      : `${news.step} ${receiver}`,
  );
}

t.test('each change is told once to each receiver, under an id of its own', async (t) => {
  const { state, at } = worldOf(['pager', 'chat']);
  for (const [atS, judged] of [mild, mild, worse, worse].entries()) judge(state, [judged], at(atS));
  judge(state, [], at(9));
  judge(state, [], at(10));
  t.strictSame(told(state), [
    'fired firing pager',
    'fired firing chat',
    'worse firing pager',
    'worse firing chat',
    'resolved resolved pager',
    'resolved resolved chat',
  ]);
  const [first] = state.notices.values();
  const id = first?.news.kind === 'alert' ? first.news.alert.id : '';
  t.strictSame(
    [...state.notices.keys()],
    [1, 2, 3].flatMap((transition) => [`${id}.${transition}.pager`, `${id}.${transition}.chat`]),
  );
});

t.test('that nothing is seen any more is told once, and milder is not told', async (t) => {
  const { state, at } = worldOf(['pager']);
  const story = [worse, unseen, worse, unseen, mild, worse];
  for (const [atS, judged] of story.entries()) judge(state, [judged], at(atS));
  t.strictSame(told(state), ['fired firing pager', 'no_data no_data pager']);
});

t.test('what waits for its time is not told, nor that it never came to fire', async (t) => {
  const { state, at } = worldOf(['pager']);
  const pending = presentOf({ name: 'JwksUnreachable' });
  judge(state, [pending], at(0));
  judge(state, [], at(5), ['JwksUnreachable']);
  t.strictSame(told(state), []);
});

t.test('a notice leaves with its delivery, in the same commit as the change came', async (t) => {
  const { state, at } = worldOf(['pager']);
  const kinds = judge(state, [present], at(0)).map(({ kind }) => kind);
  t.ok(kinds.includes('alert') && kinds.includes('notice') && kinds.includes('audit'));
  t.ok(state.noticesAdded);
  const [id = ''] = state.notices.keys();
  noticeFailed(state, id, { error: 'x'.repeat(9_999), retryInMs: 5_000 }, at(1), []);
  t.match(state.notices.get(id), { attempts: 1, nextAtMs: at(6).atMs, lastError: /^x{500}$/ });
  for (const retryInMs of [-1, Number.NaN]) {
    noticeFailed(state, id, { error: 'e', retryInMs }, at(2), []);
    t.equal(state.notices.get(id)?.nextAtMs, at(2).atMs);
  }
  noticeFailed(state, id, { error: 'e', retryInMs: Number.POSITIVE_INFINITY }, at(2), []);
  t.equal(state.notices.get(id)?.nextAtMs, at(3_602).atMs, 'within the hour');
  const writes = noticeWrites((into) => noticeDelivered(state, id, into));
  t.strictSame(writes, ['notice_removed']);
  t.strictSame(
    noticeWrites((into) => noticeDelivered(state, id, into)),
    [],
    'a second answer changes nothing',
  );
  t.strictSame(
    noticeWrites((into) => noticeFailed(state, id, { error: 'late', retryInMs: 1 }, at(2), into)),
    [],
  );
  judge(state, [present], at(3));
  t.equal(state.notices.size, 0, 'and it is not told again');
});

function noticeWrites(act: (writes: Write[]) => void) {
  const writes: Write[] = [];
  act(writes);
  return writes.map(({ kind }) => kind);
}

t.test('a full outbox lets go of what later news overtook, then of the oldest', async (t) => {
  const { state, at } = worldOf(['pager']);
  judge(state, [mild], at(0));
  judge(state, [worse], at(1));
  const [fired = '', risen = ''] = state.notices.keys();
  for (let at = state.notices.size; at < NOTICES_MAX; at += 1) {
    state.notices.set(`n${at}`, { ...notice(`n${at}`), news: stepNews(at) });
  }
  tell(state, 1);
  t.equal(state.notices.size, NOTICES_MAX);
  t.notOk(state.notices.has(fired), 'overtaken');
  t.ok(state.notices.has(risen));
  tell(state, 2);
  t.notOk(state.notices.has(risen), 'the oldest');
  t.equal(state.notices.size, NOTICES_MAX);
  t.equal(state.health.droppedNotices, 2);

  function tell(state: State, atS: number): void {
    tellStep(state, stepNews(-1), at(atS), []);
  }
});

function stepNews(n: number) {
  const told = { rotationId: `r-${n}`, issuer: 'https://i', step: 'activate', by: 'ana' };
  return { kind: 'rotation', ...told, message: 'switched' } as const;
}

t.test('notices for a receiver that is not configured any more go', async (t) => {
  const { state, at } = worldOf(['chat']);
  judge(state, [present], at(0));
  state.notices.set('old', notice('old'));
  forgetReceivers(state, []);
  t.strictSame(told(state), ['fired firing chat']);
});

t.test('after a restart the outbox is in the order it was made', async (t) => {
  const made = [30, 10, 20].map((createdAtMs) => ({ ...notice(`n${createdAtMs}`), createdAtMs }));
  t.strictSame([...restoreNotices(made).keys()], ['n10', 'n20', 'n30']);
});

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
  for (let n = 0; n < NOTICES_MAX - 300; n += 1) {
    state.notices.set(`n${n}`, { ...notice(`n${n}`), news: stepNews(n) });
  }
  // 150 alerts, each told of twice.
  for (let n = 0; n < 300; n += 1) {
    const record = notice(`twice ${n}`);
    if (record.news.kind !== 'alert') throw new Error('expected news of an alert');
    const alert = { ...record.news.alert, id: `al-${n % 150}` };
    state.notices.set(record.id, { ...record, news: { ...record.news, alert } });
  }
  const dropped: number[] = [];
  for (let n = 0; n < 201; n += 1) {
    tellStep(state, stepNews(-n - 1), at(n), []);
    dropped.push(state.health.droppedNotices);
  }
  t.ok(state.notices.size <= NOTICES_MAX);
  t.same([dropped[0], dropped[99]], [100, 100], 'searched for once, not for each further one');
  t.same([dropped[100], dropped[199], dropped[200]], [200, 200, 300]);
  const kept = [...state.notices.keys()];
  t.equal(kept.filter((id) => id.startsWith('twice')).length, 150, 'the later ones of each alert');
  t.ok(state.notices.has('twice 150'));
  t.same(kept[0], 'n150', 'of the others the oldest are gone');
  t.match(kept.at(-1), /^r--201\./, 'and the new ones are there');
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

import t from 'tap';
import {
  forgetGivenUp,
  GIVEN_UP_KEPT_MS,
  noticeGivenUp,
} from '../../../src/core/alerts/given-up.ts';
import { NOTICES_MAX, tellStep } from '../../../src/core/alerts/outbox.ts';
import { initialState } from '../../../src/core/initial.ts';
import type { Write } from '../../../src/core/writes.ts';
import { notice } from '../../store/samples.ts';
import { policyOf } from '../../support/policies.ts';
import { World } from '../../support/world.ts';
import { judge, presentOf, worldOf } from './alert-world.ts';

t.test('what a receiver never takes is kept, shown, on record, and gone after a day', async (t) => {
  const { state, at } = worldOf(['pager']);
  judge(state, [presentOf()], at(0));
  const [id = ''] = state.notices.keys();
  const writes: Write[] = [];
  noticeGivenUp(state, id, `status 400${'x'.repeat(900)}`, at(1), writes);
  t.match(state.notices.get(id), { attempts: 1, givenUpAtMs: at(1).atMs, lastError: /^.{500}$/ });
  t.match(writes, [
    { kind: 'notice', record: { id } },
    {
      kind: 'audit',
      record: {
        kind: 'observation',
        action: 'notice_given_up',
        message: /^receiver pager was not told: status 400/,
      },
    },
  ]);
  noticeGivenUp(state, id, 'again', at(2), writes);
  noticeGivenUp(state, 'nobody', 'again', at(2), writes);
  t.equal(writes.length, 2, 'once');

  const dayS = GIVEN_UP_KEPT_MS / 1_000;
  forgetGivenUp(state, at(dayS), writes);
  t.equal(state.notices.size, 1, 'not yet');
  forgetGivenUp(state, at(dayS + 1), writes);
  t.equal(state.notices.size, 0);
  t.match(writes.at(-1), { kind: 'notice_removed', record: { id } });
});

t.test('what is still to be told is not forgotten', async (t) => {
  const { state, at } = worldOf(['pager']);
  judge(state, [presentOf()], at(0));
  forgetGivenUp(state, at(10 * 86_400), []);
  t.equal(state.notices.size, 1);
});

t.test('after a start, what was given up of an alert that fires is tried once more', async (t) => {
  const world = new World(
    policyOf([], { alerts: { ...policyOf([]).alerts, receivers: ['pager'] } }),
  );
  const writes: Write[] = [];
  const over = presentOf({ labels: { issuer: 'https://over.example' } });
  writes.push(...judge(world.state, [presentOf(), over], world.now()));
  for (const id of world.state.notices.keys()) {
    noticeGivenUp(world.state, id, 'status 401', world.now(), writes);
  }
  writes.push(...judge(world.state, [presentOf()], world.now()));
  world.store.commit(writes);
  world.atMs += 2 * GIVEN_UP_KEPT_MS;
  const { notices } = initialState(world.policy, world.store.load(), world.now());
  const rows = [...notices.values()].map(({ news, givenUpAtMs, createdAtMs }) => {
    const labels = news.kind === 'alert' ? news.alert.labels : {};
    const change = news.kind === 'alert' ? news.change : '';
    return [labels.issuer, change, givenUpAtMs === null, createdAtMs === world.atMs];
  });
  t.same(rows, [
    ['https://issuer.example', 'fired', true, true],
    ['https://over.example', 'fired', false, false],
    ['https://over.example', 'resolved', true, false],
  ]);
});

t.test('in a full outbox it makes room first', async (t) => {
  const { state, at } = worldOf(['pager']);
  for (let n = 0; n < NOTICES_MAX; n += 1) {
    const givenUpAtMs = n >= NOTICES_MAX - 150 ? 1 : null;
    state.notices.set(`n${n}`, { ...notice(`n${n}`), receiver: `r${n}`, givenUpAtMs });
  }
  const step = { rotationId: 'r', issuer: 'i', step: 'activate', by: 'ana', message: 'm' };
  tellStep(state, step, at(0), []);
  t.equal(state.notices.size, NOTICES_MAX - 99, 'a hundred at once');
  t.ok(state.notices.has('n0'));
  t.notOk(state.notices.has(`n${NOTICES_MAX - 150}`));
  t.ok(state.notices.has(`n${NOTICES_MAX - 1}`));
});

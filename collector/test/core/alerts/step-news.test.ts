import t from 'tap';
import type { Step } from '../../../src/core/records.ts';
import type { World } from '../../support/world.ts';
import { policyOf } from '../../support/policies.ts';
import { rotating } from '../../support/rotating.ts';

const ALERTS = { ...policyOf([]).alerts, receivers: ['pager', 'chat'] };

/** `step message receiver` of every step told, in order. */
function told(world: World): readonly string[] {
  return [...world.state.notices.values()].flatMap(({ news, receiver }) =>
    news.kind === 'rotation' ? [`${news.step} by ${news.by}: ${news.message} (${receiver})`] : [],
  );
}

t.test('steps that receivers are told of, once each', async (t) => {
  const rows: readonly (readonly [Step, string | undefined])[] = [
    ['publish', undefined],
    ['activate', 'the signer switched from old to new: whatever'],
    ['rollback', 'the signer goes back from new to old: whatever'],
    ['retire', 'old is taken out of use: whatever'],
    ['complete', 'the rotation from old to new is complete: whatever'],
    ['taint', 'old is tainted: its tokens are not to be trusted: a test says so'],
    ['destroy_old_key', undefined],
    ['abort', 'the rotation from old to new was aborted'],
  ];
  for (const [step, message] of rows) {
    const { world, id } = rotating({ until: 'published', policy: { alerts: ALERTS } });
    const override = ['taint', 'abort'].includes(step) ? null : 'whatever';
    t.ok(world.declare(id, step, override).ok, step);
    const expected = ['pager', 'chat'].map((name) => `${step} by tester: ${message} (${name})`);
    t.same(told(world), message === undefined ? [] : expected, step);
  }
});

t.test('a step that is refused is not told, and a notice is there after a restart', async (t) => {
  const { world, id } = rotating({ until: 'started', policy: { alerts: ALERTS } });
  t.notOk(world.declare(id, 'activate').ok);
  t.same(told(world), []);
  world.declare(id, 'abort');
  const before = told(world);
  t.equal(before.length, 2);
  world.restart();
  t.same(told(world).toSorted(), before.toSorted());
});

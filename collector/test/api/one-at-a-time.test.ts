import t from 'tap';
import { oneAtATime } from '../../src/api/one-at-a-time.ts';

t.test('one runs, some wait in order, the rest are turned away', async (t) => {
  const turns = oneAtATime(2);
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const work = (name: string) => async () => {
    log.push(`${name} begins`);
    await gate.promise;
    log.push(`${name} ends`);
    return name;
  };
  const first = turns.run(work('a'));
  const failing = turns.run(async () => {
    log.push('b fails');
    throw new Error('b');
  });
  const third = turns.run(work('c'));
  await t.rejects(turns.run(work('d')), { code: 'BUSY', message: /^Too many such answers/ });
  gate.resolve();
  t.equal(await first, 'a');
  await t.rejects(failing, { message: 'b' });
  t.equal(await third, 'c', 'a failure ends nobody else');
  t.same(log, ['a begins', 'a ends', 'b fails', 'c begins', 'c ends']);
  t.equal(await turns.run(async () => 'e'), 'e', 'there is room again');
});

import t from 'tap';
import { startWhole, Teardown } from '../src/teardown.ts';

t.test('in reverse order, once', async (t) => {
  const stopped: string[] = [];
  const teardown = new Teardown();
  for (const name of ['store', 'engine', 'http']) {
    teardown.add(name, async () => {
      await Promise.resolve();
      stopped.push(name);
    });
  }
  await Promise.all([teardown.close(), teardown.close()]);
  await teardown.close();
  t.same(stopped, ['http', 'engine', 'store']);
});

t.test('one part that fails keeps none of the others from stopping', async (t) => {
  const stopped: string[] = [];
  const teardown = new Teardown();
  teardown.add('store', () => stopped.push('store'));
  teardown.add('engine', () => {
    throw new Error('busy');
  });
  teardown.add('http', () => Promise.reject(new Error('gone')));
  await t.rejects(teardown.close(), {
    message: 'http did not stop: gone; engine did not stop: busy',
  });
  t.same(stopped, ['store']);
});

t.test('a start that fails leaves nothing behind', async (t) => {
  const stopped: string[] = [];
  const failing = startWhole(async (teardown) => {
    teardown.add('store', () => stopped.push('store'));
    await Promise.resolve();
    throw new Error('port taken');
  });
  await t.rejects(failing, { message: 'port taken' });
  t.same(stopped, ['store']);
  const running = await startWhole(async (teardown) => {
    teardown.add('http', () => stopped.push('http'));
    return Promise.resolve(teardown);
  });
  t.same(stopped, ['store'], 'one that does not goes on');
  await running.close();
  t.same(stopped, ['store', 'http']);
});

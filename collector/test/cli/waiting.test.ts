import t from 'tap';
import { emptyMemoryContents, openMemoryStore } from '../../src/store/memory.ts';
import { id, NEW_KEY, OLD_KEY, startRig } from '../api/rig.ts';
import { startCli, runCli } from './run.ts';

t.test('waiting: one line per change, then the verdict', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY]);
  const wait = startCli(
    ['gate', 'activate', '--wait', '--timeout', '20s', '--stable-for', '300ms'],
    {
      KEYTURN_COLLECTOR: rig.url,
    },
  );
  t.teardown(() => wait.kill());
  for (let tries = 0; tries < 500 && !wait.out().includes('is closed'); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  const { code, out } = await wait.done;
  t.equal(code, 0);
  const lines = out.split('\n');
  t.match(lines[0], /^\d{4}-\S+Z activate is closed: 1 verifier without evidence/);
  t.match(lines[1], /^\d{4}-\S+Z activate is open/);
  t.match(lines[2], /^gate activate of rotation \S+ is OPEN/);
  t.notMatch(out, '\u001b');

  const json = await runCli(['gate', 'activate', '--wait', '-o', 'json'], {
    KEYTURN_COLLECTOR: rig.url,
  });
  t.equal(JSON.parse(json.out).status, 'open', 'JSON alone on stdout');
  t.match(json.err, /activate is open/);

  await rig.report(id('orders'), [OLD_KEY]);
  t.match(
    await runCli(['gate', 'activate', '--wait', '--timeout', '200ms'], {
      KEYTURN_COLLECTOR: rig.url,
    }),
    {
      code: 3,
      err: /time is up, and the gate is closed/,
    },
  );
});

t.test('waiting survives a restart of the collector', async (t) => {
  const contents = emptyMemoryContents();
  const first = await startRig({ store: openMemoryStore({ contents }) });
  first.settleIn();
  await first.sight(OLD_KEY);
  await first.start();
  await first.sight(OLD_KEY, NEW_KEY);
  await first.report(id('orders'), [OLD_KEY]);
  const wait = startCli(['gate', 'activate', '--wait', '--timeout', '30s'], {
    KEYTURN_COLLECTOR: first.url,
  });
  t.teardown(() => wait.kill());
  const until = async (text: RegExp): Promise<void> => {
    for (let tries = 0; tries < 1_000 && !text.test(wait.out()); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    t.match(wait.out(), text);
  };
  await until(/is closed/);
  await first.close();
  await until(/unreachable: /);
  const second = await startRig({
    store: openMemoryStore({ contents }),
    port: first.port,
    clock: first.clock,
  });
  t.teardown(() => second.close());
  await until(/unreachable: [^]*activate is (?:closed|unknown)/);
  second.settleIn();
  await second.sight(OLD_KEY, NEW_KEY);
  await second.report(id('orders'), [OLD_KEY, NEW_KEY]);
  t.match(await wait.done, { code: 0, out: /is OPEN/ });
});

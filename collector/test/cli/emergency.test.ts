import t from 'tap';
import { counted, id, NEW_KEY, OLD_KEY, startRig } from '../api/rig.ts';
import { runHere, tokenFile } from './run.ts';

t.test('a key is tainted by somebody who looked and agreed', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY], [counted('old', { ok: 42 })]);
  const token = tokenFile();
  const run = (args: readonly string[], answer?: string) =>
    runHere(
      ['rotation', ...args, '--collector', rig.url, '--token-file', token],
      {},
      '',
      answer === undefined ? {} : { input: { isTerminal: true, ask: async () => answer } },
    );
  const seen = await run(['blast-radius', rotation]);
  t.match(seen, {
    code: 0,
    out: /1 verifier accepted old 42 times since[^]*orders \(1 verifier\)/,
  });
  t.match(seen.out, /Restart it\./, 'and how to make it give the key up');

  const taint = ['taint', rotation, '--reason', 'stolen'];
  t.match(await run(['taint', rotation]), { code: 2, err: /--reason/ });
  t.match(await run(taint), { code: 2, err: /no terminal to ask on[^]*--yes/ });
  for (const answer of ['', 'n', 'nope', 'old']) {
    t.match(await run(taint, answer), { code: 1, err: /accepted old 42 times[^]*not tainted/ });
  }
  t.equal(rig.engine.state().rotations.get(rotation)?.tainted, false);
  t.match(await run([...taint, '--yes']), { code: 0, err: /blast radius of old/ });
  t.equal(rig.engine.state().rotations.get(rotation)?.tainted, true);

  t.match(await run(['containment', rotation]), {
    code: 3,
    out: /contained 0 %: 0 of 1[^]*until the key is removed/,
  });
  t.match(await run(['containment', rotation, '--timeout', '1s']), { code: 2 });
  t.match(await run(['show', rotation]), { out: /OLD KEY TAINTED[^]*contained 0 %/ });
  await rig.sight(NEW_KEY);
  const waiting = run(['containment', rotation, '--wait', '--timeout', '20s']);
  await rig.report(id('orders'), [NEW_KEY], [counted('old', { ok: 42 })]);
  t.match(await waiting, { code: 0, out: /contained 100 %: 1 of 1/ });
  const over = await rig.call('GET', `/v1/rotations/${rotation}/containment`);
  t.match(over, { status: 200, json: { percent: 100, status: 'contained', reasons: [] } });
  for (const what of ['containment', 'blast-radius']) {
    t.equal((await rig.call('GET', `/v1/rotations/r-none/${what}`)).status, 404);
  }
});

t.test('on a terminal, yes is enough', async (t) => {
  const rig = await startRig();
  t.teardown(() => rig.close());
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  const args = ['rotation', 'taint', rotation, '--reason', 'stolen', '--collector', rig.url];
  const yes = { isTerminal: true, ask: async () => 'y' };
  t.match(await runHere([...args, '--token-file', tokenFile()], {}, '', { input: yes }), {
    code: 0,
  });
  t.equal(rig.engine.state().rotations.get(rotation)?.tainted, true);
});

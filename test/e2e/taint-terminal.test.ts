import t from 'tap';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import { hasPseudoTerminal, keyturnOnTerminal } from '../harness/pseudo-terminal.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { keyPublished, startRotatingIssuer } from './rotating-issuer.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const QUESTION = /Taint 2026-a\? Its valid tokens will be refused\. \[y\/N\] /;

t.test(
  'a person at a terminal is shown what a taint costs, and asked',
  { skip: hasPseudoTerminal() ? false : 'no `script` of util-linux to make a terminal' },
  async (t) => {
    const cleanup = teardownWith(t);
    const directory = await tempDirectory(cleanup);
    const issuer = await startRotatingIssuer(cleanup);
    const collector = await startCollectorProcess(directory, {
      issuers: [issuer.settings],
      services: [{ name: 'orders', instances: 1, profile: 'npm-jose', evidence: 'present' }],
      policy: QUICK_POLICY,
    });
    cleanup.add('collector', () => collector.child.kill());
    await keyPublished(collector, '2026-a');
    const start = ['rotation', 'start', '--alg', 'ES256', '--new-kid', '2026-b', '--by', 'ana'];
    t.equal((await keyturn(collector, ...start)).code, 0);
    const taint = ['rotation', 'taint', '--reason', "the thief's page", '--by', 'ana'];

    for (const answer of ['\n', 'n\n', 'yess\n', CTRL_D, CTRL_C]) {
      const kept = await keyturnOnTerminal(collector, QUESTION, answer, ...taint);
      t.equal(kept.code, 1, JSON.stringify(answer));
      t.match(kept.shown, /blast radius of 2026-a[^]*orders[^]*2026-a was not tainted/);
    }
    const before = await keyturn(collector, 'rotation', 'show', '-o', 'json');
    t.equal(JSON.parse(before.stdout).rotation.tainted, false);

    const done = await keyturnOnTerminal(collector, QUESTION, 'y\n', ...taint);
    t.equal(done.code, 0, done.shown);
    t.match(done.shown, /blast radius of 2026-a[^]*\[y\/N\] [^]*taint recorded/);
    const after = await keyturn(collector, 'rotation', 'show', '-o', 'json');
    t.equal(JSON.parse(after.stdout).rotation.tainted, true);
  },
);

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ReportSchema, type ReportView } from '@keyturn/collector/api/schemas/report.ts';
import { makeCommandDirectory } from '../docs/command-directory.ts';
import { blocksIn, readDocuments } from '../docs/documents.ts';
import { runBlock } from '../docs/run-block.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import { PROGRAMS, REPOSITORY } from '../harness/programs.ts';
import { plainEnvironment, runToEnd } from '../harness/run-to-end.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { rotateKey } from './rotated.ts';

// An auditor asks long after: the rotation has ended, and the collector has been restarted since.

t.setTimeout(180_000);

const cleanup = teardownWith(t);
const directory = await tempDirectory(cleanup);
const rotated = await rotateKey(cleanup, directory);
const { rotation } = rotated;
const markdownBefore = await keyturn(rotated.collector, 'report', rotation);
const collector = await rotated.restart();
const at = (name: string): string => join(directory, name);

t.test('the commands of the document, as they are printed', async (t) => {
  const blocks = blocksIn(await readDocuments()).filter(
    ({ mark }) => mark?.kind === 'run' && mark.stage === 'rotated',
  );
  t.ok(blocks.length > 0);
  const stage = {
    commands: await makeCommandDirectory(at('bin'), {}),
    cwd: directory,
    env: {
      KEYTURN_COLLECTOR: collector.url,
      KEYTURN_OPERATOR_TOKEN_FILE: collector.tokenFile,
      ROTATION: rotation,
    },
  };
  for (const block of blocks) {
    const ended = await runBlock(block, stage);
    t.equal(ended.code, 0, ended.stdout + ended.stderr);
    t.match(ended.stdout, /^valid receipt\n/);
  }
});

t.test('a restart changes nothing of what was known', async (t) => {
  t.equal(markdownBefore.code, 0, markdownBefore.stderr);
  t.equal(readFileSync(at('report.md'), 'utf8'), markdownBefore.stdout);
});

t.test('who held what, when it was decided', async (t) => {
  const report = ReportSchema.parse(JSON.parse(readFileSync(at('report.json'), 'utf8')));
  t.match(report.rotation, { outcome: 'completed', interim: false, tainted: false });
  t.same(
    report.steps.map(({ step, gate_status }) => `${step} ${gate_status}`),
    ['publish open', 'activate open', 'retire open', 'complete open'],
  );
  const when = (step: string) => report.evidence.find((one) => one.occasion === `step ${step}`);
  const instances = ['orders-1', 'orders-2'];
  t.same(
    when('activate')?.verifiers.map(({ instance }) => instance),
    instances,
  );
  for (const verifier of when('activate')?.verifiers ?? []) {
    t.match(verifier.holds_new, /^(?:present|verified)$/);
    t.equal(verifier.holds_old, 'held');
  }
  for (const verifier of when('complete')?.verifiers ?? []) {
    t.match(verifier, { holds_new: 'verified', holds_old: 'dropped' });
  }
  t.match(report.attestations, [{ by: 'ana', what: 'archive holds the new key' }, { by: 'ana' }]);
  t.equal(report.acts.filter(({ refused }) => refused).length, 1, 'the step tried too early');
  t.ok((report.overlap.whole.margin_ms ?? -1) >= 0, 'long enough');
  t.same(order(report), order(report).toSorted(), 'moments are in order');
  t.ok(report.evidence.every(({ witnessed }) => witnessed));
  t.equal(report.audit.chain_intact, true);
  t.same(report.findings, []);
});

t.test('a receipt that was touched, or is of another report, is not valid', async (t) => {
  const receipt = readFileSync(at('receipt.jws'), 'utf8').trim();
  const [header = '', payload = '', signature = ''] = receipt.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const backdated = { ...claims, withdrawn_at: claims.published_at };
  const forged = Buffer.from(JSON.stringify(backdated)).toString('base64url');
  writeFileSync(at('forged.jws'), `${header}.${forged}.${signature}`);
  const report = JSON.parse(readFileSync(at('report.json'), 'utf8'));
  writeFileSync(at('other.json'), JSON.stringify({ ...report, findings: [{}] }));
  const verify = (...args: string[]) => keyturn(collector, 'report', 'verify', ...args);
  t.match(await verify(at('forged.jws')), { code: 1, stdout: /NOT a valid receipt/ });
  t.match(await verify(at('receipt.jws'), '--report', at('other.json')), {
    code: 1,
    stdout: /of another report/,
  });
  t.match(await verify(at('receipt.jws')), { code: 0, stdout: /completed at/ });
});

t.test('after the key was replaced, old receipts stay valid', async (t) => {
  const replaced = await runToEnd({
    args: [PROGRAMS.collector, '--config', at('collector.yaml'), '--new-receipt-key'],
    cwd: directory,
    env: plainEnvironment(),
  });
  t.match(replaced, { code: 0, stdout: /signs receipts from the next start/ }, replaced.stderr);
  const restarted = await rotated.restart();
  const { body } = await restarted.api.get('/.well-known/jwks.json');
  t.equal(body.keys.length, 2);
  const old = await keyturn(restarted, 'report', 'verify', at('receipt.jws'));
  t.equal(old.code, 0, old.stdout);
  await keyturn(restarted, 'report', rotation, '--format', 'jws', '--to', at('new.jws'));
  const [before, after] = ['receipt.jws', 'new.jws'].map((name) =>
    kidOf(readFileSync(at(name), 'utf8')),
  );
  t.not(after, before);
  t.equal(after, body.keys[0].kid);
});

t.test('the example in the documents has the shape of a report made now', async (t) => {
  const example = readFileSync(join(REPOSITORY, 'docs/report-example.md'), 'utf8');
  const now = markdownBefore.stdout;
  t.same(shapeOf(example), shapeOf(now), 'run `node test/report/example.ts`');
});

function order({ overlap }: ReportView): string[] {
  const { published_at, switched_at, switch_seen_at, withdrawn_at, gone_at } = overlap;
  return [published_at, switched_at, switch_seen_at, withdrawn_at, gone_at].map((one) => one ?? '');
}

function kidOf(receipt: string): unknown {
  const [header = ''] = receipt.split('.');
  return JSON.parse(Buffer.from(header, 'base64url').toString()).kid;
}

/** Headings and table heads, without what one rotation differs in from another. */
function shapeOf(markdown: string): string[] {
  const lines = markdown.split('\n');
  const shapes = lines.filter(
    (line, n) => /^##? /.test(line) || lines[n + 1]?.startsWith('| ---') === true,
  );
  return [...new Set(shapes.map((line) => line.replace(/rotation .*/, 'rotation')))].toSorted();
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { stringify } from 'yaml';
import { startChild } from '../harness/child.ts';
import { eventually } from '../harness/eventually.ts';
import { PROGRAMS } from '../harness/programs.ts';
import { plainEnvironment, runToEnd } from '../harness/run-to-end.ts';
import { blocksIn, readDocuments } from './documents.ts';
import type { Block } from './markdown.ts';
import { linesOf, runBlock } from './run-block.ts';
import type { BlockStage } from './run-block.ts';
import {
  publishNewKey,
  startLaggard,
  startRotationStage,
  startVerifiers,
} from './rotation-stage.ts';
import type { RotationStage } from './rotation-stage.ts';
import { startStaying } from './staying.ts';
import type { StageName } from './stages.ts';

// Blocks of the documents, run as they are printed against the real programs.

const documents = await readDocuments();
const blocks = blocksIn(documents);

/** What the documents call things. */
const NAMED = {
  issuer: 'https://login.example.com',
  alg: 'RS256',
  oldKid: '2025-11',
  newKid: '2026-12',
} as const;

const skip = !(await isHere('curl')) && 'curl is not installed';

t.jobs = 3;

t.test('a rotation from start to end, in one paste', { skip }, async (t) => {
  for (const block of onStage(t, 'rotation')) {
    const { text } = block;
    const named = {
      issuer: optionOf(text, 'issuer'),
      alg: optionOf(text, 'alg') === 'ES256' ? 'ES256' : 'RS256',
      oldKid: NAMED.oldKid,
      newKid: optionOf(text, 'new-kid'),
    } as const;
    const stage = await startRotationStage(t, named);
    const requests = await startVerifiers(stage, named.issuer);
    await passes(t, block, stage, 75_000);
    t.same(
      stage.issuer.done.map(({ what }) => what),
      ['published', 'switched', 'removed'],
      'every step was taken, in this order',
    );
    const { rotations } = JSON.parse(
      await stage.keyturn('rotation', 'list', '--all', '-o', 'json'),
    );
    t.match(rotations, [{ new_key: { kid: named.newKid }, phase: 'gone', outcome: 'completed' }]);
    t.same(requests.refusals, [], 'no valid token was refused');
    t.ok(requests.accepted > 20, `${requests.accepted} were accepted`);
  }
});

t.test('a gate over HTTP', { skip }, async (t) => {
  const stage = await startRotationStage(t, NAMED);
  await startVerifiers(stage, NAMED.issuer);
  const ROTATION = await publishNewKey(stage, NAMED);
  const gate = async () =>
    (await stage.collector.api.get(`/v1/rotations/${ROTATION}/gates/activate`)).body;
  // What somebody saw who asks again.
  const REVISION = String((await gate()).revision);
  await eventually('the gate is open, and that is news', async () => {
    const { ready, revision } = await gate();
    return ready === true && String(revision) !== REVISION ? true : undefined;
  });
  for (const block of onStage(t, 'ready')) {
    const env = { ...stage.env, ROTATION, REVISION };
    const out = await passes(t, block, { ...stage, env });
    const ready = [...out.matchAll(/"ready":true/g)];
    t.equal(ready.length, linesOf(block).length, `every answer says so: ${out}`);
  }
});

t.test('a look at what is wrong', async (t) => {
  const stage = await startRotationStage(t, NAMED);
  const laggard = startLaggard(stage, NAMED.issuer);
  const rotation = await publishNewKey(stage, NAMED);
  await eventually('the laggard is known as such', async () => {
    const listed = await stage.keyturn('verifiers', '--rotation', rotation, '--state', 'lagging');
    return listed.includes(laggard) ? true : undefined;
  });
  for (const block of onStage(t, 'lagging')) {
    const out = await passes(t, block, stage);
    t.match(out, rotation, 'the rotation');
    t.match(out, /activate\s+CLOSED/, 'its verdict');
    t.match(out, laggard, 'who is in the way');
    t.match(out, /a collector answers at/, 'what the doctor says');
  }
});

t.test('a sidecar: its settings, and its start', async (t) => {
  const stage = await startRotationStage(t, NAMED);
  await writeAgentSettings(stage);
  for (const block of onStage(t, 'settings')) {
    const [start = '', ...others] = linesOf(block);
    const running = startStaying(start, stage);
    stage.cleanup.add(start, () => running.end());
    await eventually(
      'its verifiers are known',
      async () => {
        const listed = await stage.keyturn('verifiers');
        return /gateway\/host-1\/default/.test(listed) ? true : running.stillRuns();
      },
      20_000,
    );
    t.equal(await running.interrupt(), 0, `${start}: ends with 0 on SIGINT`);
    for (const line of others) {
      const out = await passes(t, { ...block, text: line }, stage);
      t.match(out, /no problems[^]*\/v\/gateway\/default\/jwks\.json/);
    }
  }
});

t.test('the push API and the key proxy, by curl', { skip }, async (t) => {
  const stage = await startRotationStage(t, NAMED);
  const file = await writeAgentSettings(stage);
  const sidecar = startChild({
    name: 'keyturn-agent',
    entry: PROGRAMS.agent,
    args: ['--config', file],
    cwd: stage.cwd,
    env: plainEnvironment(),
  });
  stage.cleanup.add('sidecar', () => sidecar.kill());
  const said = async (pattern: RegExp): Promise<Record<string, string>> =>
    JSON.parse((await sidecar.line(pattern, 15_000)).input);
  const { origin: PROXY = '' } = await said(/"key proxy listens"/);
  const { where: PUSH = '' } = await said(/"where":"http.*"push API listens"/);
  const env = { ...stage.env, PROXY, PUSH, SOCKET: join(stage.cwd, 'push.sock') };
  // Beside what is printed, so that a refusal ends the block.
  await writeFile(
    join(stage.cwd, '.curlrc'),
    'fail-with-body\nsilent\nshow-error\nmax-time = 10\n',
  );

  let answers = '';
  const listed = async (verifier: string): Promise<string> =>
    stage.keyturn('verifiers', '--service', verifier, '-o', 'json');
  for (const block of onStage(t, 'sidecar')) {
    answers += await passes(t, block, { ...stage, env });
    const seen = /\/keys"/.test(block.text) ? NAMED.newKid : '"departed"';
    if (!/\/keys"|-X DELETE/.test(block.text)) continue;
    await eventually(`${seen} is seen after ${block.file}:${block.line}`, async () =>
      (await listed('orders')).includes(seen) ? true : undefined,
    );
  }
  t.match(await listed('gateway'), /"served_at": ?null/, 'a look is no fetch of the verifier');
  t.match(answers, '"kid":"2025-11"', 'the document of the issuer');
  for (const printed of blocks.filter((each) => each.file === 'agent/README.md')) {
    if (printed.language !== 'json') continue;
    t.ok(answers.includes(JSON.stringify(JSON.parse(printed.text))), 'answers are as printed');
  }
});

/** The blocks marked for a stage; there is at least one. */
function onStage(t: Test, name: StageName): readonly Block[] {
  const found = blocks.filter(({ mark }) => mark?.kind === 'run' && mark.stage === name);
  t.ok(found.length > 0, `blocks marked ${name}`);
  return found;
}

async function passes(t: Test, block: Block, stage: BlockStage, timeoutMs?: number) {
  const ended = await runBlock(block, stage, timeoutMs);
  const said = `${ended.stdout}\n${ended.stderr}`.slice(-1_500);
  t.equal(ended.code, 0, `${block.file}:${block.line} ends with 0: ${said}`);
  return ended.stdout;
}

async function isHere(program: string): Promise<boolean> {
  const args = ['-c', `command -v ${program}`];
  return (await runToEnd({ program: 'bash', args })).code === 0;
}

function optionOf(text: string, option: string): string {
  const [, value] = new RegExp(`--${option} (\\S+)`).exec(text) ?? [];
  if (value === undefined) throw new Error(`no --${option} in: ${text}`);
  return value;
}

async function writeAgentSettings({ cwd, collector, issuer }: RotationStage): Promise<string> {
  const file = join(cwd, 'agent.yaml');
  const settings = {
    collector: { address: collector.grpc },
    instance: 'host-1',
    proxy: { listen: '127.0.0.1:0' },
    push: { listen: '127.0.0.1:0', socket: join(cwd, 'push.sock') },
    issuers: [{ issuer: NAMED.issuer, jwks_uri: issuer.jwksUri }],
    verifiers: [
      { service: 'gateway', profile: 'npm-jwks-rsa' },
      { service: 'orders', via: 'push' },
    ],
  };
  await writeFile(file, stringify(settings));
  return file;
}

import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { listenOnLoopback } from '../harness/listen.ts';
import { PROGRAMS, REPOSITORY } from '../harness/programs.ts';
import { plainEnvironment, runToEnd } from '../harness/run-to-end.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';

const cleanup = teardownWith(t);
const directory = await tempDirectory(cleanup);

t.jobs = 2;

interface Refusal {
  readonly name: string;
  readonly program: 'collector' | 'agent';
  readonly yaml: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the one sentence, or each of several, must say. */
  readonly says: readonly RegExp[];
}

const REFUSALS: readonly Refusal[] = [
  {
    name: 'broken YAML',
    program: 'collector',
    yaml: 'listen:\n  http: [127.0.0.1:0\npolicy: {}\n',
    says: [/has (?:a problem|\d+ problems):/, /line [23], column \d+: \S+/],
  },
  {
    name: 'an unknown key',
    program: 'collector',
    yaml: 'polcy:\n  heartbeat: 15s\n',
    says: [/line \d+, column \d+: polcy: unknown key "polcy"; did you mean policy\?/],
  },
  {
    name: 'a wrong unit',
    program: 'collector',
    yaml: 'policy:\n  heartbeat: 15 parsecs\n',
    says: [/line 2, column 14: policy\.heartbeat: expected .*unit.*, got "15 parsecs"/],
  },
  {
    name: 'a number without unit',
    program: 'collector',
    yaml: 'policy:\n  retire_safety: 3600\n',
    says: [/policy\.retire_safety: expected .*unit.*, got 3600/],
  },
  {
    name: 'several mistakes at once, each told',
    program: 'collector',
    yaml: 'listen: {http: nowhere}\npolicy: {lease_heartbeats: 1}\nservices: [{name: a b}]\n',
    says: [
      /3 problems|4 problems/,
      /listen\.http: expected host:port/,
      /policy\.lease_heartbeats: expected a whole number from 2 to 20, got 1/,
      /services\.0\.name: /,
    ],
  },
  {
    name: 'an operator token too short to be one',
    program: 'collector',
    yaml: '{}',
    env: { KEYTURN_OPERATOR_TOKEN: 'hunter2' },
    says: [/KEYTURN_OPERATOR_TOKEN: expected 20 to 512 printable .*, got 7 characters/],
  },
  {
    name: 'broken YAML',
    program: 'agent',
    yaml: 'issuers:\n  - issuer: [https://login.example.com\n',
    says: [/1 problem in the settings|problems in the settings/, /agent\.yaml:\d+:\d+: \S+/],
  },
  {
    name: 'an unknown key',
    program: 'agent',
    yaml: 'issuers: [{issuer: https://login.example.com, jwks_url: https://a.example/jwks}]\n',
    says: [/agent\.yaml:1:\d+: .*jwks_url.*jwks_uri/],
  },
  {
    name: 'a wrong unit',
    program: 'agent',
    yaml: 'issuers: [{issuer: https://login.example.com, refresh: 15 parsecs}]\n',
    says: [/issuers\.0\.refresh: expected .*unit.*, got "15 parsecs"/],
  },
];

for (const { name, program, yaml, env = {}, says } of REFUSALS) {
  t.test(`${program}: ${name}`, async (t) => {
    const file = join(directory, `${program}-${name.replaceAll(' ', '-')}`, `${program}.yaml`);
    execFileSync('mkdir', ['-p', join(file, '..')]);
    await writeFile(file, yaml);
    const ended = await runToEnd({
      args: [PROGRAMS[program], '--config', file],
      cwd: join(file, '..'),
      env: plainEnvironment(env),
    });
    t.equal(ended.code, 2, 'settings wrong');
    t.equal(ended.stdout, '');
    for (const sentence of says) t.match(ended.stderr, sentence);
    t.notMatch(ended.stderr, /\n\s+at /, 'no stack');
    t.notMatch(ended.stderr, /hunter2/, 'no secret');
  });
}

t.test('a port that is taken', async (t) => {
  const taken = await listenOnLoopback(createServer());
  t.teardown(() => taken.close());
  const at = `127.0.0.1:${taken.port}`;
  const issuers = 'issuers: [{issuer: "http://127.0.0.1:9", jwks_uri: "http://127.0.0.1:9/jwks"}]';
  const cases = [
    ['collector', 'listen.http', `listen: {http: "${at}", grpc: "127.0.0.1:0"}`],
    ['collector', 'listen.grpc', `listen: {http: "127.0.0.1:0", grpc: "${at}"}`],
    [
      'agent',
      'proxy.listen',
      `${issuers}\nservice: orders\nproxy: {listen: "${at}"}\nverifiers: [{name: a}]`,
    ],
    [
      'agent',
      'push.listen',
      `${issuers}\nservice: orders\npush: {listen: "${at}"}\nverifiers: [{name: a, via: push}]`,
    ],
  ] as const;
  for (const [program, setting, yaml] of cases) {
    const home = join(directory, setting);
    execFileSync('mkdir', ['-p', home]);
    await writeFile(join(home, 'settings.yaml'), `${yaml}\n`);
    const ended = await runToEnd({
      args: [PROGRAMS[program], '--config', join(home, 'settings.yaml')],
      cwd: home,
    });
    t.equal(ended.code, 1, `${program}: ${setting}`);
    t.match(ended.stderr, new RegExp(`^keyturn-${program}: `, 'm'));
    t.ok(ended.stderr.includes(at), 'names the port');
    t.match(
      ended.stderr,
      new RegExp(`set ${setting} to (?:another|a free port)`),
      'says what to do',
    );
    t.notMatch(ended.stderr, /\n\s+at /, 'no stack');
  }
});

t.test('Node.js 20', async (t) => {
  const node20 = nodesOnPath().find((node) => versionOf(node).startsWith('v20.'));
  if (node20 === undefined) {
    t.pass('there is no Node.js 20 on PATH here', { skip: 'no Node.js 20 on PATH' });
    return;
  }
  const guard = ['--import', join(REPOSITORY, 'test/tools/node-version.mjs')];
  const programs: readonly (readonly [string, number, readonly string[]])[] = [
    ['keyturn-collector', 1, [PROGRAMS.collector]],
    ['keyturn', 1, [PROGRAMS.cli, 'status']],
    ['pnpm agent', 2, [...guard, PROGRAMS.agent]],
    ['pnpm test', 2, [...guard, join(REPOSITORY, 'test/tools/tap.ts')]],
  ];
  for (const [name, code, args] of programs) {
    const ended = await runToEnd({ program: node20, args, cwd: directory });
    t.equal(ended.code, code, name);
    t.equal(ended.signal, null, 'no crash');
    t.match(
      ended.stderr,
      /needs Node(?:\.js)? 22\.1\d or newer[^]*v?20\.\d+\.\d+/,
      'says what it needs and what it got',
    );
    t.notMatch(ended.stderr, /\n\s+at /, 'no stack');
  }
});

/** Every `node` on PATH that is not of a workspace. */
function nodesOnPath(): readonly string[] {
  const { PATH = '' } = process.env;
  return [...PATH.split(':'), '/usr/bin', '/usr/local/bin', '/bin']
    .filter((entry) => entry !== '' && !entry.includes('node_modules'))
    .map((entry) => join(entry, 'node'));
}

function versionOf(node: string): string {
  try {
    return execFileSync(node, ['--version'], { encoding: 'utf8', stdio: 'pipe', env: {} });
  } catch {
    return '';
  }
}

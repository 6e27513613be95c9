import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../../src/command.ts';
import { nodeVersionProblem } from '../../src/node-version.ts';
import { AGENT_VERSION } from '../../src/version.ts';

const EXAMPLE = join(import.meta.dirname, '../../example/agent.yaml');

async function run(args: readonly string[], env: Record<string, string> = {}) {
  let out = '';
  let err = '';
  const code = await runCommand({
    args,
    env,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

void t.test('the example is valid and names the ports of the documentation', async (t) => {
  const { code, out, err } = await run(['--check', '--config', EXAMPLE]);
  t.equal(err, '');
  t.equal(code, 0);
  t.match(
    out,
    /agent\.yaml: no problems\n {2}example\/.+\/proxied: keys of http:\/\/127\.0\.0\.1:7465 at http:\/\/127\.0\.0\.1:7462\/v\/example\/proxied\/jwks\.json\n/,
  );
  t.match(await run(['--check'], { KEYTURN_AGENT_CONFIG: EXAMPLE }), { code: 0 });
});

void t.test('help and version', async (t) => {
  t.match(await run(['--help']), {
    code: 0,
    out: /KEYTURN_AGENT_COLLECTOR_ADDRESS +collector\.address/,
    err: '',
  });
  t.strictSame(await run(['--version']), { code: 0, out: `${AGENT_VERSION}\n`, err: '' });
});

void t.test('usage and settings that are wrong', async (t) => {
  const directory = t.testdir({
    'bad.yaml': 'issuers: 7\nproxi: {}\nverifiers: [{ service: a }]\n',
    'ca.yaml':
      'issuers: [{ issuer: "https://a.example", ca: ./none.pem }]\nverifiers: [{ service: a }]\n',
  });
  for (const [why, args, err] of [
    [
      'unknown option',
      ['--chek'],
      /^keyturn-agent: Unknown option '--chek'.*\nTry keyturn-agent --help\n$/,
    ],
    ['no value', ['--config'], /argument/],
    ['stray word', ['start'], /Unexpected argument 'start'/],
    ['no such file', ['--config', '/nowhere/a.yaml'], /\/nowhere\/a\.yaml: cannot be read: ENOENT/],
    ['a directory', ['--config', directory], /cannot be read: EISDIR/],
    [
      'two problems',
      ['--config', join(directory, 'bad.yaml')],
      /2 problems in the settings\n.*bad\.yaml:1:10: issuers: expected a list, got 7\n.*bad\.yaml:2:1: proxi: unknown key "proxi"; did you mean proxy\?\n/,
    ],
    [
      'no such certificate',
      ['--check', '--config', join(directory, 'ca.yaml')],
      /issuers\.0\.ca: cannot use \.\/none\.pem: ENOENT/,
    ],
  ] as const) {
    const result = await run(args);
    t.equal(result.code, 2, why);
    t.match(result.err, err, why);
    t.equal(result.out, '');
  }
});

void t.test('Node.js versions', (t) => {
  for (const version of ['22.15.0', '22.20.1', '24.21.0', '30.0.0']) {
    t.equal(nodeVersionProblem(version), undefined, version);
  }
  for (const version of ['20.20.2', '22.14.9', '18.0.0']) {
    t.equal(
      nodeVersionProblem(version),
      `keyturn-agent needs Node.js 22.15 or newer, this is ${version}`,
    );
  }
  t.end();
});

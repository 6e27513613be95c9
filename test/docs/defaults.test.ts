import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import t from 'tap';
import { eventually } from '../harness/eventually.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import { listenOnLoopback } from '../harness/listen.ts';
import { REPOSITORY } from '../harness/programs.ts';
import { plainEnvironment, runToEnd } from '../harness/run-to-end.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { startChild } from '../harness/child.ts';
import { makeCommandDirectory } from './command-directory.ts';
import { blocksIn, readDocuments } from './documents.ts';
import { linesOf } from './run-block.ts';
import { startStageIssuer } from './stage-issuer.ts';
import { startStaying } from './staying.ts';

// What stays in the foreground, and what reports to it, on the ports of the documents.

const ISSUER = 'https://login.example.com';

/** Of the collector and of agent/example/agent.yaml. */
const PORTS = [7460, 7461, 7462, 7463];

/** A verifier's own code after the lines of the document. */
const USER = `
const [jwksUri = '', token = ''] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(jwksUri));
const { payload } = await jwtVerify(token, keys, { issuer: '${ISSUER}' });
const subject: string | undefined = payload.iss;
console.log('accepted', subject);
setInterval(() => undefined, 60_000);
`;

const documents = await readDocuments();
const blocks = blocksIn(documents);
const cleanup = teardownWith(t);
const directory = await tempDirectory(cleanup);

const examples = await Promise.all(
  blocks
    .filter(({ language }) => language === 'ts')
    .map(async ({ file, line, text }, index) => {
      const home = join(directory, `user-${index}`);
      await mkdir(home);
      await symlink(join(REPOSITORY, 'test/node_modules'), join(home, 'node_modules'));
      await writeFile(join(home, 'package.json'), '{"type": "module"}');
      await writeFile(join(home, 'main.ts'), text + USER);
      return { where: `${file}:${line}`, home, main: join(home, 'main.ts') };
    }),
);

t.test('every TypeScript block compiles', async (t) => {
  t.ok(examples.length > 0);
  for (const { where, home } of examples) {
    await symlink(join(REPOSITORY, 'node_modules/@types'), join(home, 'types'));
    const settings = {
      extends: join(REPOSITORY, 'tsconfig.base.json'),
      compilerOptions: { typeRoots: ['./types'] },
      files: ['main.ts'],
    };
    await writeFile(join(home, 'tsconfig.json'), JSON.stringify(settings));
    const tsc = join(REPOSITORY, 'node_modules/.bin/tsc');
    // tap's loader, which every Node.js started here gets, cannot load tsc.
    const args = ['-u', 'NODE_OPTIONS', tsc, '-p', home];
    const ended = await runToEnd({ program: 'env', args, timeoutMs: 60_000 });
    t.equal(ended.code, 0, `${where}: ${(ended.stdout + ended.stderr).slice(0, 1_000)}`);
  }
});

const taken = await portsTaken();
const skip = taken.length > 0 && `something else listens on port ${taken.join(', ')}`;

t.test('what stays in the foreground starts on its defaults', { skip }, async (t) => {
  const stage = {
    commands: await makeCommandDirectory(join(directory, 'bin'), await pnpmScript()),
    cwd: REPOSITORY,
    // The data goes elsewhere, and what is installed stays as it is.
    env: {
      HOME: process.env['HOME'] ?? '/',
      KEYTURN_DATA: join(directory, 'data'),
      pnpm_config_verify_deps_before_run: 'false',
    },
  };
  const tokenFile = join(stage.env.KEYTURN_DATA, 'operator-token');
  const collector = { url: 'http://127.0.0.1:7460', tokenFile };
  const lists = (what: string, pattern: RegExp, stillRuns: () => undefined) =>
    eventually(
      what,
      async () => {
        const { stdout } = await keyturn(collector, 'verifiers');
        return pattern.test(stdout) ? stdout : stillRuns();
      },
      30_000,
      200,
    );

  const marked = blocks.filter(({ mark }) => mark?.kind === 'run' && mark.stage === 'defaults');
  t.ok(marked.length > 0);
  for (const block of marked) {
    const running = linesOf(block).map((line) => {
      const started = startStaying(line, stage);
      cleanup.add(line, () => started.end());
      return started;
    });
    const allRun = (): undefined => {
      for (const each of running) each.stillRuns();
    };
    await lists('the example sidecar reports', /example\/[^/]+\/proxied/, allRun);
    t.ok(existsSync(tokenFile), 'the operator token was made');

    await t.test('every TypeScript block runs against it', async (t) => {
      const keys = { alg: 'RS256', oldKid: '2025-11', newKid: '2026-12' } as const;
      const issuer = await startStageIssuer(cleanup, { issuer: ISSUER, ...keys });
      for (const { where, home, main } of examples) {
        const args = [issuer.jwksUri, await issuer.token(60)];
        const env = plainEnvironment();
        const user = startChild({ name: where, entry: main, args, cwd: home, env });
        cleanup.add(where, () => user.kill());
        await user.line(/^accepted /, 15_000);
        const listed = await lists(`${where} reports`, /orders\/[^/]+\/jose/, allRun);
        t.match(listed, /orders\/[^/]+\/jose/, where);
        await user.kill();
      }
    });

    for (const each of running.toReversed()) await each.interrupt();
    t.same(await portsTaken(), [], 'Ctrl-C ends all of it');
  }
});

async function portsTaken(): Promise<readonly number[]> {
  const taken: number[] = [];
  for (const port of PORTS) {
    try {
      await (await listenOnLoopback(createServer(), port)).close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      taken.push(port);
    }
  }
  return taken;
}

/**
 * `pnpm` as `npx pnpm test` has it on PATH; where a test file runs by itself, a script that does what
 * package.json says. npx is not asked: it may go to the network.
 */
async function pnpmScript(): Promise<Readonly<Record<string, string>>> {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  if (path.some((each) => existsSync(join(each, 'pnpm')))) return {};
  const { scripts } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>;
  };
  const cases = Object.entries(scripts).map(([name, script]) => `${name}) exec ${script} ;;`);
  const first = `PATH='${join(REPOSITORY, 'node_modules/.bin')}':"$PATH"`;
  return { pnpm: `${first}\ncase "$1" in\n${cases.join('\n')}\nesac\nexit 2` };
}

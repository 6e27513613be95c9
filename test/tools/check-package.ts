// Packs the agent and uses the package as a stranger would: in empty projects outside the workspace.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TestCollector } from '../../agent/test/uplink/collector.ts';
import { JwksServer, signingKey, tokenOf } from '../../agent/test/observe/jwks-server.ts';

const repository = new URL('../../', import.meta.url).pathname;
const ISSUER = 'https://login.example.com';

/** What a user writes: ten lines, the same in both module systems. */
const USER_FILE = `import * as jose from 'jose';
import { createAgent, observeJose, type Agent, type Outcome } from '@keyturn/agent';
const [jwksUri = '', token = '', collector = ''] = process.argv.slice(2);
const agent: Agent = createAgent({ service: 'user', issuer: '${ISSUER}', collector });
const { createRemoteJWKSet, jwtVerify } = observeJose(jose, agent);
const keySet: jose.RemoteJWKSet = createRemoteJWKSet(new URL(jwksUri), { cooldownDuration: 1_000 });
const main = async (): Promise<void> => {
  const { payload } = await jwtVerify<{ plan: string }>(token, keySet, { issuer: '${ISSUER}' });
  const outcome: Outcome = payload.plan === 'gold' ? 'ok' : 'claims';
  await agent.close();
  console.log(outcome, agent.faults.size);
};
void main();
`;

const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    types: ['node'],
    outDir: 'out',
  },
  files: ['user.ts'],
};

/** What the package may bring along: its own dependencies and theirs. */
const EXPECTED_ROOTS = [
  '@bufbuild/protobuf',
  '@grpc/grpc-js',
  '@peculiar/x509',
  'pino',
  'reflect-metadata',
  'yaml',
  'zod',
];

async function run(cwd: string, command: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd,
      timeout: 120_000,
      maxBuffer: 16 * 1_048_576,
      // The workspace's settings of its package manager are not the stranger's.
      env: Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !/^(?:npm_|pnpm_|INIT_CWD)/i.test(name)),
      ),
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}

function said(step: string): void {
  process.stdout.write(`${step}\n`);
}

async function pack(into: string): Promise<string> {
  const agent = join(repository, 'agent');
  await run(agent, 'npx', ['--yes', 'pnpm@12.21.0', 'pack', '--pack-destination', into]);
  const tarball = (await readdir(into)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('expected a tarball, got none');
  return join(into, tarball);
}

interface Tree {
  /** Absent: an optional companion that was not installed. */
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, Tree>>;
}

async function checkTree(project: string): Promise<number> {
  const text = await run(project, 'npm', ['ls', '--all', '--json', '--omit=dev']);
  const tree = JSON.parse(text) as Tree;
  const own = Object.entries(tree.dependencies?.['@keyturn/agent']?.dependencies ?? {})
    .filter(([, { version }]) => version !== undefined)
    .map(([name]) => name)
    .sort();
  const strangers = own.filter((name) => !EXPECTED_ROOTS.includes(name));
  if (strangers.length > 0) throw new Error(`expected no dependency on ${strangers.join(', ')}`);
  const installed = await readdir(join(project, 'node_modules'), { recursive: true });
  const dragged = installed.filter((path) =>
    /(?:^|\/)(?:@keyturn\/shared|@opentelemetry|typescript|rolldown|tap|fast-check)$/.test(path),
  );
  if (dragged.length > 0) throw new Error(`expected no ${dragged.join(', ')} to be installed`);
  return installed.filter((path) => path.endsWith('package.json')).length;
}

async function checkProject(
  project: string,
  type: 'module' | 'commonjs',
  tarball: string,
): Promise<void> {
  await mkdir(project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'user', type }));
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  await writeFile(join(project, 'user.ts'), USER_FILE);
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  await run(project, 'npm', ['install', ...quiet, tarball, 'jose@6']);
  await checkTree(project);
  said(`${type}: installed, nothing of development dragged in`);
  await run(project, 'npm', ['install', ...quiet, '--save-dev', '@types/node@24']);
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  await run(project, process.execPath, [tsc, '-p', '.']);
  said(`${type}: a user's file compiles against the types`);
  await checkRun(project, type);
}

async function checkRun(project: string, type: string): Promise<void> {
  const collector = new TestCollector();
  const address = await collector.start();
  const key = await signingKey('k1');
  const server = await new JwksServer([key]).start();
  try {
    const token = await tokenOf(key, ISSUER, { plan: 'gold' });
    const args = ['out/user.js', server.url.href, token, address];
    const out = await run(project, process.execPath, args);
    if (out.trim() !== 'ok 0') throw new Error(`expected "ok 0", got ${JSON.stringify(out)}`);
    const report = collector.latest('jose');
    const isReported =
      report?.keySets[0]?.keys[0]?.kid === 'k1' && report.counts[0]?.outcomes.ok === 1;
    if (!isReported) throw new Error(`expected k1 and one ok, got ${JSON.stringify(report)}`);
  } finally {
    await server.stop();
    collector.stop();
  }
  said(`${type}: it runs, verifies and reports`);
  const bin = join(project, 'node_modules/.bin/keyturn-agent');
  const version = await run(project, process.execPath, [bin, '--version']);
  said(`${type}: keyturn-agent --version says ${version.trim()}`);
}

const scratch = await mkdtemp(join(tmpdir(), 'keyturn-package-'));
try {
  const tarball = await pack(scratch);
  said('built and packed');
  const bin = join(repository, 'test/node_modules/.bin');
  await run(scratch, join(bin, 'publint'), [tarball, '--strict']);
  said('publint: nothing to say');
  await run(scratch, join(bin, 'attw'), [tarball, '--profile', 'node16', '--format', 'ascii']);
  said('attw: types resolve for import and require');
  await checkProject(join(scratch, 'esm'), 'module', tarball);
  await checkProject(join(scratch, 'cjs'), 'commonjs', tarball);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await rm(scratch, { recursive: true, force: true });
}

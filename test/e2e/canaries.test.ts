import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { VerifierView } from '@keyturn/collector/api/schemas/fleet.ts';
import { importJWK, SignJWT } from 'jose';
import t, { type Test } from 'tap';
import { stringify } from 'yaml';
import type { Child } from '../harness/child.ts';
import { startChild } from '../harness/child.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import { PROGRAMS } from '../harness/programs.ts';
import { plainEnvironment } from '../harness/run-to-end.ts';
import type { SigningKey } from '../harness/signing-key.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { keyPublished, startRotatingIssuer } from './rotating-issuer.ts';

// Some twenty programs are started, one after the other.
t.setTimeout(120_000);

const MODES = ['good', 'stale', 'anything'] as const;

async function tokenOf(iss: string, key: SigningKey, claims = {}): Promise<string> {
  return new SignJWT({ aud: 'keyturn-canary', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: key.ref.kid })
    .setIssuer(iss)
    .setIssuedAt()
    .setExpirationTime('4m')
    .sign(await importJWK(key.privateJwk, 'ES256'));
}

/** Three services behind a sidecar, and one with an agent inside. */
async function startWorld(t: Test) {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startRotatingIssuer(cleanup);
  const overrides = { cooldown: '0s' };
  const evidence = { instances: 1, profile: 'npm-jose', evidence: 'verified', overrides };
  const collector = await startCollectorProcess(
    directory,
    {
      issuers: [{ ...issuer.settings, canary: { interval: '1s', max_lifetime: '5m' } }],
      services: [...MODES, 'inside'].map((name) => ({ name, ...evidence })),
      policy: QUICK_POLICY,
    },
    { KEYTURN_LOG_LEVEL: 'trace' },
  );
  cleanup.add('collector', () => collector.child.kill());

  const ports = new Map<string, number>();
  for (const mode of MODES) ports.set(mode, await freePort());
  const file = join(directory, 'agent.yaml');
  await writeFile(
    file,
    stringify({
      collector: { address: collector.grpc },
      instance: 'host-1',
      proxy: { listen: '127.0.0.1:0' },
      issuers: [
        { issuer: issuer.issuer, jwks_uri: issuer.jwksUri, refresh: '200ms', fresh_for: '0s' },
      ],
      verifiers: MODES.map((service) => ({
        service,
        profile: 'npm-jose',
        probe: { url: `http://127.0.0.1:${ports.get(service) ?? 0}/whoami`, timeout: '2s' },
      })),
      log: { level: 'debug' },
    }),
  );
  const sidecar = startChild({
    name: 'keyturn-agent',
    entry: PROGRAMS.agent,
    args: ['--config', file],
    cwd: directory,
    env: plainEnvironment(),
  });
  cleanup.add('sidecar', () => sidecar.kill());

  /** Starts a service under the name, and on the port, of `service`. */
  const serve = async (service: string, mode: string): Promise<Child> => {
    let jwksUri = issuer.jwksUri;
    if (service !== 'inside') {
      const line = await sidecar.line(new RegExp(`"verifier":"${service}/.*"url"`), 20_000);
      jwksUri = (JSON.parse(line.input) as { url: string }).url;
    }
    const child = startChild({
      name: service,
      entry: fileURLToPath(new URL('./canary-service.ts', import.meta.url)),
      env: plainEnvironment({
        MODE: mode,
        ISSUER: issuer.issuer,
        JWKS_URI: jwksUri,
        PORT: String(ports.get(service) ?? 0),
        COLLECTOR: collector.grpc,
      }),
    });
    cleanup.add(service, () => child.kill());
    await child.line(/^listening on \d+$/, 20_000);
    return child;
  };
  return { directory, issuer, collector, sidecar, serve };
}

t.test('canaries find who takes the new key, who lacks it, and who takes anything', async (t) => {
  const { directory, issuer, collector, sidecar, serve } = await startWorld(t);
  const [, stale, anything] = await Promise.all(MODES.map((mode) => serve(mode, mode)));
  await serve('inside', 'inside');
  await keyPublished(collector, issuer.old.ref.kid);
  const say = async (...args: readonly string[]) => {
    const ended = await keyturn(collector, ...args);
    return { code: ended.code, text: ended.stdout + ended.stderr };
  };
  const start = ['--issuer', issuer.issuer, '--alg', 'ES256', '--new-kid', issuer.new.ref.kid];
  const started = await say('rotation', 'start', ...start, '--by', 'pipeline');
  const [id = ''] = /r-\d{8}-[0-9a-f]{6}/.exec(started.text) ?? [];

  const [next, current] = [join(directory, 'next.jwt'), join(directory, 'current.jwt')];
  const good = await tokenOf(issuer.issuer, issuer.new);
  const old = await tokenOf(issuer.issuer, issuer.old);
  const handOver = () =>
    say('rotation', 'canary', id, '--next', next, '--current', current, '--by', 'pipeline');
  await writeFile(current, old);
  await writeFile(next, good);
  t.match(await handOver(), { code: 2, text: /next: .* a key the collector sees in the JWKS/ });

  issuer.serve(issuer.both);
  await keyPublished(collector, issuer.new.ref.kid);
  const bad = [
    [await tokenOf(issuer.issuer, issuer.old), /next\.kid: expected 2026-b, got "2026-a"/],
    [await tokenOf(`${issuer.issuer}/`, issuer.new), /next\.iss: expected/],
    [
      await tokenOf(issuer.issuer, issuer.new, { aud: 'orders' }),
      /next\.aud: expected "keyturn-canary" and nothing else, got "orders"/,
    ],
    [
      await tokenOf(issuer.issuer, issuer.new, { scope: 'orders:write' }),
      /next\.scope: expected nothing/,
    ],
  ] as const;
  for (const [token, why] of bad) {
    await writeFile(next, token);
    const refused = await handOver();
    t.match(refused, { code: 2, text: why });
    t.notMatch(refused.text, token.split('.')[1] ?? '', 'without the token');
  }
  await writeFile(next, good);
  t.match(await handOver(), { code: 0, text: /are at hand until/ });

  const listed = async (service: string): Promise<VerifierView> => {
    const { body } = await collector.api.get(`/v1/verifiers?service=${service}&rotation=${id}`);
    return body.verifiers[0] as VerifierView;
  };
  // A probe's answer can be here before the report of the fetch it caused, so both are waited for.
  const reads = (service: string, reading: string, holdsNew?: string) =>
    eventually(
      `${service} ${reading}${holdsNew === undefined ? '' : `, ${holdsNew}`}`,
      async () => {
        const verifier = await listed(service);
        const holds = holdsNew === undefined || verifier.rotations[0]?.holds_new === holdsNew;
        return holds && verifier.probes[0]?.reading === reading ? verifier : undefined;
      },
      30_000,
    );
  await reads('good', 'knows_new', 'verified');
  await reads('inside', 'knows_new', 'verified');
  const lacking = await reads('stale', 'lacks_new', 'absent');
  t.match(lacking, { rotations: [{ detail: /refused a canary token/ }] });
  await eventually('it is served the new key, and still lacks it', async () => {
    const { key_sets: sets, rotations } = await listed('stale');
    return sets[0]?.kids.includes(issuer.new.ref.kid) && rotations[0]?.holds_new === 'absent';
  });
  t.ok((await reads('anything', 'takes_anything')).probes[0]?.bogus_accepted_at);

  const shut = await say('gate', 'activate', '--rotation', id);
  t.equal(shut.code, 3);
  t.match(shut.text, /1 verifier accepted a token with a signature that nobody made/);
  t.match(shut.text, /anything\/host-1.*accepts_bogus/);
  t.match(shut.text, /stale\/host-1.*absent/);
  t.notMatch(shut.text, /good\/host-1|inside\/inside-1/);
  t.match((await say('verifiers')).text, /next accepted, current accepted, bogus rejected/);
  t.match((await say('audit')).text, /anything\/host-1\/default accepted a token with a signature/);
  const doctor = await say('doctor');
  t.match(doctor.text, new RegExp(`canaries of rotation ${id} are at hand`));
  t.match(doctor, { code: 1, text: /fail 1 verifier accepted a token with a signature/ });
  const page = await collector.api.get('/status');
  t.match(page.body, /2 verifiers take the new key, 1 lacks it, 1 takes anything/);

  // Their owners repair them; nobody sends a real token of the new key.
  await Promise.all([stale?.kill(), anything?.kill()]);
  await Promise.all([serve('stale', 'good'), serve('anything', 'good')]);
  const open = await say('gate', 'activate', '--rotation', id, '--wait', '--timeout', '40s');
  t.equal(open.code, 0, open.text);
  const verdict = await collector.api.get(`/v1/rotations/${id}/gates/activate`);
  t.match(verdict.body, { status: 'open', weakest_grade: 'verified' });

  const secrets = [good, old].flatMap((token) => token.split('.').slice(1));
  await collector.child.stop();
  await sidecar.stop();
  for (const secret of secrets) {
    const found = await readdir(join(directory, 'data'), { recursive: true, withFileTypes: true });
    for (const file of found.filter((entry) => entry.isFile())) {
      const bytes = await readFile(join(file.parentPath, file.name));
      t.notOk(bytes.includes(secret), `not in ${file.name}`);
    }
    for (const child of [collector.child, sidecar]) {
      await t.rejects(child.line(new RegExp(secret), 50), `not in the log of ${child.name}`);
    }
  }
});

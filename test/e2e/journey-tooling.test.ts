import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { credentials, status } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { createAgent } from '@keyturn/agent';
import type { VerdictView } from '@keyturn/collector/api/schemas/verdict.ts';
import { gateToWire, verdictFromWire } from '@keyturn/shared/wire/codec.ts';
import { ReadinessServiceClient } from '@keyturn/shared/wire/services.ts';
import type { CheckGateRequest, CheckGateResponse } from '@keyturn/shared/wire/services.ts';
import type { CollectorProcess } from '../harness/collector-process.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { keyturn, keyturnThen } from '../harness/keyturn-cli.ts';
import { PROGRAMS, REPOSITORY } from '../harness/programs.ts';
import { plainEnvironment, runToEnd } from '../harness/run-to-end.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { keyPublished, startRotatingIssuer } from './rotating-issuer.ts';

/** An issuer, a collector and a verifier that holds what it is told. */
async function startFleet(t: Test) {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startRotatingIssuer(cleanup);
  const collector = await startCollectorProcess(directory, {
    issuers: [issuer.settings],
    services: [{ name: 'orders', instances: 1, profile: 'npm-jose', evidence: 'present' }],
    policy: QUICK_POLICY,
  });
  cleanup.add('collector', () => collector.child.kill());
  const agent = createAgent({
    service: 'orders',
    instance: 'orders-1',
    issuer: issuer.issuer,
    collector: collector.grpc,
  });
  cleanup.add('agent', () => agent.close());
  const verifier = agent.verifier({ cache: 'jwks', profile: 'npm-jose' });
  const holds = (jwks: readonly object[]): void => {
    verifier.setKeys(issuer.issuer, { jwks });
  };
  holds([issuer.old.publicJwk]);
  await keyPublished(collector, issuer.old.ref.kid);
  return { cleanup, directory, issuer, collector, holds };
}

// What people put into a pipeline: the exit status is all it goes by.
const SCRIPT = `
set -u
keyturn rotation start --issuer "$ISSUER" --alg ES256 --new-kid "$NEW" --by pipeline; echo "start $?"
keyturn gate nonsense >/dev/null 2>&1; echo "usage $?"
keyturn gate activate; echo "activate $?"
keyturn gate activate --wait --timeout 1s; echo "waited $?"
keyturn rotation activate --by pipeline; echo "early $?"
keyturn --collector http://127.0.0.1:9 gate activate; echo "unreachable $?"
`;

t.test('a pipeline rotates a key', async (t) => {
  const { directory, issuer, collector, holds } = await startFleet(t);
  const script = await runToEnd({
    program: 'bash',
    args: ['-c', `export PATH="$BIN:$PATH"\n${SCRIPT}`],
    cwd: directory,
    env: plainEnvironment({
      BIN: binDirectory(directory),
      ISSUER: issuer.issuer,
      NEW: issuer.new.ref.kid,
      KEYTURN_COLLECTOR: collector.url,
      KEYTURN_OPERATOR_TOKEN_FILE: collector.tokenFile,
    }),
  });
  const codes = Object.fromEntries(
    [...script.stdout.matchAll(/^(\w+) (\d+)$/gm)].map(([, name, code]) => [name, Number(code)]),
  );
  t.same(codes, { start: 0, usage: 2, activate: 3, waited: 3, early: 3, unreachable: 4 });
  t.match(script.stdout, /has not been seen in the JWKS/, 'says why');
  const [rotation = ''] = /r-\d{8}-[0-9a-f]{6}/.exec(script.stdout) ?? [];
  const check = `/v1/rotations/${rotation}/gates/activate/check`;

  const closed = await collector.api.get(check);
  t.equal(closed.status, 503);
  t.match(closed.headers.get('retry-after'), /^\d+$/);

  const publish = (): void => {
    issuer.serve(issuer.both);
    holds(issuer.both);
  };
  const wait = ['gate', 'activate', '--wait', '--stable-for', '500ms'];
  const waited = await keyturnThen(collector, publish, ...wait);
  t.equal(waited.code, 0, 'the wait ends when the gate has been open for a while');
  t.match(waited.stdout, /^\S+ activate is closed: [^]*^\S+ activate is open: /m, 'told as lines');
  t.notOk(waited.stdout.includes('\u001b'), 'no terminal codes into a file');

  t.equal((await collector.api.get(check)).status, 200, 'by status, GET');
  t.equal((await collector.api.post(check, {})).status, 200, 'by status, POST');
  await checkOverGrpc(t, collector, rotation);

  t.equal((await keyturn(collector, 'rotation', 'activate', '--by', 'pipeline')).code, 0);
  const retire = await keyturn(collector, 'gate', 'retire', '-o', 'json');
  t.equal(retire.code, 3, 'live tokens of the old key may exist');
  const verdict: VerdictView = JSON.parse(retire.stdout);
  t.match(verdict, { gate: 'retire', status: 'closed', ready: false });
  const time = verdict.checks.find((each) => each.id === 'old_tokens_expired');
  t.equal(time?.class, 'time');
  t.ok(Date.parse(time?.clears_at ?? '') > Date.now(), 'says when that will have passed');
  const early = await keyturn(collector, 'rotation', 'retire', '--by', 'pipeline');
  t.equal(early.code, 3);
  t.match(early.stderr, /gate retire .* is CLOSED/);

  const abort = ['rotation', 'abort', '--by', 'pipeline'];
  t.equal((await keyturn(collector, ...abort)).code, 1, 'the signer uses the new key');
  const override = ['--override', 'the pipeline ends here, both keys stay'];
  t.equal((await keyturn(collector, ...abort, ...override)).code, 0);
  const ended = await keyturn(collector, 'gate', 'activate', '--rotation', rotation);
  t.equal(ended.code, 1, 'aborted: nobody goes on waiting');
  t.equal((await collector.api.get(check)).status, 409);
  const { body } = await collector.api.get(`/v1/audit?rotation=${rotation}`);
  t.match(JSON.stringify(body), /pipeline/, 'who did it is on record');
});

t.test('buf curl asks a gate by reflection alone', async (t) => {
  const buf = join(REPOSITORY, 'shared/node_modules/.bin/buf');
  if (!existsSync(buf)) {
    t.pass('buf is not installed', { skip: 'buf is not installed' });
    return;
  }
  const { collector, issuer } = await startFleet(t);
  const started = await collector.api.post('/v1/rotations', {
    issuer: issuer.issuer,
    alg: 'ES256',
    new_kid: issuer.new.ref.kid,
    by: 'test',
  });
  const ask = (method: string, body: unknown, ...more: readonly string[]) => {
    const how = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...more];
    const url = `http://${collector.grpc}/keyturn.v1.${method}`;
    return runToEnd({ program: buf, args: [...how, '--data', JSON.stringify(body), url] });
  };
  const rotation_id = started.body.rotation.id;
  const asked = await ask('ReadinessService/CheckGate', { rotation_id, gate: 'GATE_ACTIVATE' });
  t.equal(asked.code, 0, asked.stderr);
  t.match(JSON.parse(asked.stdout), {
    verdict: { rotationId: rotation_id, status: /^VERDICT_STATUS_(CLOSED|UNKNOWN)$/ },
  });
  const step = { rotation_id, step: 'STEP_ABORT', by: 'test' };
  const refused = await ask('RotationService/DeclareStep', step);
  t.not(refused.code, 0);
  t.match(refused.stderr, /unauthenticated/);
  const bearer = ['--header', `authorization: Bearer ${collector.token}`];
  const done = await ask('RotationService/DeclareStep', step, ...bearer);
  t.equal(done.code, 0, done.stderr);
  t.match(JSON.parse(done.stdout), { rotation: { phase: 'aborted' } });
});

/** `keyturn` as a command, with this Node.js in front of others. */
function binDirectory(directory: string): string {
  const bin = join(directory, 'bin');
  execFileSync('mkdir', [bin]);
  execFileSync('ln', ['-s', PROGRAMS.cli, join(bin, 'keyturn')]);
  execFileSync('ln', ['-s', process.execPath, join(bin, 'node')]);
  return bin;
}

async function checkOverGrpc(t: Test, { grpc }: CollectorProcess, rotation: string) {
  const client = new ReadinessServiceClient(grpc, credentials.createInsecure());
  t.teardown(() => {
    client.close();
  });
  const gate = gateToWire('activate');
  const checkGate = promisify<CheckGateRequest, CheckGateResponse>(client.checkGate.bind(client));
  const { verdict } = await checkGate({ rotationId: rotation, gate });
  t.match(verdictFromWire(verdict), { ok: true, value: { status: 'open', gate: 'activate' } });
  const watch = client.watchGate({ rotationId: rotation, gate });
  watch.on('error', () => undefined);
  const first = await eventually('the first verdict watched', () => {
    const answer: unknown = watch.read();
    return (answer as CheckGateResponse | null) ?? undefined;
  });
  t.match(verdictFromWire(first.verdict), { ok: true, value: { status: 'open' } });
  watch.cancel();
  await t.rejects(checkGate({ rotationId: 'r-none', gate }), { code: status.NOT_FOUND });
}

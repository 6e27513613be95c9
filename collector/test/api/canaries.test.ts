import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials, Metadata, Server, ServerCredentials, type ServiceError } from '@grpc/grpc-js';
import {
  type HandOverCanariesResponse,
  RotationServiceClient,
  RotationServiceService,
} from '@keyturn/shared/wire/services.ts';
import t, { type Test } from 'tap';
import { rotationService } from '../../src/api/grpc-rotation.ts';
import { canaryKey } from '../canary/keys.ts';
import { runHere } from '../cli/run.ts';
import { ISSUER, type Rig, startRig, TOKEN, VANTAGE } from './rig.ts';

const OLD = await canaryKey('old', 'RS256');
const NEW = await canaryKey('new', 'RS256');
const CANARY = { audience: 'keyturn-canary', maxLifetimeMs: 900_000, apartMs: 1_000, perSecond: 9 };

/** A rig with a rotation whose new key is published. */
async function published(t: Test): Promise<{ rig: Rig; id: string }> {
  const rig = await startRig();
  t.teardown(() => rig.close());
  const policy = rig.engine.state().policy.issuers.get(ISSUER);
  Object.assign(policy ?? {}, { canary: CANARY, skewMs: 5_000 });
  rig.keys.note(ISSUER, VANTAGE, Buffer.from(JSON.stringify({ keys: [OLD.jwk, NEW.jwk] })));
  await rig.sight(OLD.ref);
  const id = await rig.start();
  await rig.sight(OLD.ref, NEW.ref);
  return { rig, id };
}

async function tokens(rig: Rig, claims: Readonly<Record<string, unknown>> = {}) {
  const iat = Math.floor(rig.engine.nowMs() / 1_000);
  const all = { iss: ISSUER, aud: 'keyturn-canary', iat, exp: iat + 300, ...claims };
  return { next: await NEW.sign(all), current: await OLD.sign(all) };
}

t.test('over HTTP', async (t) => {
  const { rig, id } = await published(t);
  const path = `/v1/rotations/${id}/canaries`;
  const body = { ...(await tokens(rig)), by: 'pipeline' };
  t.equal((await rig.call('POST', path, { body, token: null })).status, 401);
  const before = await rig.call('GET', `/v1/rotations/${id}`);
  t.match(before.json.canaries, { held_until_at: null, handed_over_by: null });
  const taken = await rig.call('POST', path, { body });
  t.equal(taken.status, 201);
  t.match(taken.json.canaries, {
    audience: 'keyturn-canary',
    handed_over_by: 'pipeline',
    held_until_at: /Z$/,
    not_presented_because: /./,
    verifiers: { knows_new: 0, lacks_new: 0, takes_anything: 0, unclear: 0 },
  });
  const status = await rig.call('GET', '/v1/status');
  t.match(status.json.rotations[0].canaries, { handed_over_by: 'pipeline' });

  const secret = body.next.split('.')[1] ?? '';
  const rows = [
    [{ ...body, by: '' }, 400, /by/],
    [{ ...body, next: 'x'.repeat(5_000) }, 400, /next/],
    [{ ...body, next: 7 }, 400, /next/],
    [{ ...body, next: body.current }, 400, /next\.kid/],
    [{ ...body, current: body.next }, 400, /current\.kid/],
    [{ ...body, ...(await tokens(rig, { roles: ['admin'] })) }, 400, /next\.roles/],
    [{ ...body, token: body.next }, 400, /token/],
  ] as const;
  for (const [given, code, field] of rows) {
    const answer = await rig.call('POST', path, { body: given });
    t.equal(answer.status, code);
    t.match(answer.text, field);
    t.notOk(answer.text.includes(secret) || answer.text.includes('xxxxx'), 'no token comes back');
  }
  t.equal((await rig.call('POST', '/v1/rotations/r-none/canaries', { body })).status, 404);
  t.match((await rig.call('GET', `/v1/rotations/${id}`)).json.canaries.handed_over_by, 'pipeline');
  for (const where of ['/v1/status', '/v1/audit', '/status', `/v1/rotations/${id}`]) {
    t.notOk((await rig.call('GET', where)).text.includes(secret), `no token in ${where}`);
  }
});

t.test('over gRPC', async (t) => {
  const { rig, id } = await published(t);
  const server = new Server();
  server.addService(RotationServiceService, {
    ...rotationService(rig.engine, rig.canaries, { matches: (given) => given === TOKEN }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  const client = new RotationServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
  t.teardown(() => {
    client.close();
    server.forceShutdown();
  });
  const handOver = (given: { next: string; current: string }, token?: string) => {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    return new Promise<HandOverCanariesResponse | ServiceError>((resolve) => {
      client.handOverCanaries({ rotationId: id, by: 'ci', ...given }, metadata, (error, answer) => {
        resolve(error ?? answer);
      });
    });
  };
  const good = await tokens(rig);
  t.match(await handOver(good), { code: 16 });
  t.match(await handOver(good, TOKEN), { expiresAtUnixMs: Number });
  t.match(await handOver({ ...good, next: good.current }, TOKEN), {
    code: 3,
    details: /next\.kid: expected new, got "old"|expected new/,
  });
});

t.test('on the command line: from files and stdin, never as an argument', async (t) => {
  const { rig, id } = await published(t);
  const directory = t.testdir({});
  const file = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const good = await tokens(rig);
  const next = file('next.jwt', `${good.next}\n`);
  const current = file('current.jwt', good.current);
  const env = { KEYTURN_COLLECTOR: rig.url, KEYTURN_OPERATOR_TOKEN: TOKEN };
  const run = (stdin: string, ...args: readonly string[]) =>
    runHere(['rotation', 'canary', ...args], env, stdin);
  t.match(await run('', id, '--next', next, '--current', current), {
    code: 0,
    out: /^canaries of rotation r-.* are at hand until .*\nnot presented yet: /,
  });
  t.match(await run(good.current, '--next', next, '--current', '-'), { code: 0 });
  const refused = [
    [await run('', '--next', '-', '--current', '-'), 2, /only one of --next and --current/],
    [
      await run('', '--next', good.next, '--current', current),
      1,
      /--next: the token cannot be read/,
    ],
    [await run('', '--next', directory, '--current', current), 1, /cannot be read/],
    [await run('', '--next', '-', '--current', current), 2, /got 0 bytes that are none/],
    [
      await run('', '--next', file('two', `${good.next} ${good.next}`), '--current', current),
      2,
      /expected one token of at most 4096 bytes/,
    ],
    [await run('', '--next', current, '--current', current), 2, /next\.kid: expected new/],
    [await run('', '--next', next), 2, /required option '--current/],
  ] as const;
  for (const [result, code, why] of refused) {
    t.equal(result.code, code);
    t.match(result.err, why);
  }
  t.match(await runHere(['doctor'], env), { out: /canaries of rotation .* are at hand until/ });
  rig.clock.push(400_000);
  t.match(await runHere(['doctor'], env), {
    out: /no canaries of rotation .* are at hand: none were handed over, they exp/,
  });
  t.match(await runHere(['status'], env), { out: /canaries: none at hand/ });
});

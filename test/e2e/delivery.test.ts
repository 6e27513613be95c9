import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { CollectorProcess } from '../harness/collector-process.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { startKeySetServer } from '../harness/key-set-server.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import { makeSigningKey } from '../harness/signing-key.ts';
import type { Teardown } from '../harness/teardown.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import type { Hooked } from '../harness/webhook-server.ts';
import { startWebhookServer } from '../harness/webhook-server.ts';

/** An issuer that puts another key under a kid it has used, which is an alert at once. */
async function startReusingIssuer(cleanup: Teardown) {
  const [first, second] = await Promise.all(
    ['2026-a', '2026-a'].map((kid) => makeSigningKey(kid, 'ES256')),
  );
  const served = await startKeySetServer([first?.publicJwk ?? {}]);
  cleanup.add('issuer', () => served.close());
  return {
    settings: { issuer: served.issuer, jwks_uri: served.jwksUri, watch_interval: '500ms' },
    async reuse({ api }: CollectorProcess): Promise<void> {
      await eventually('the key was seen', async () => {
        const { body } = await api.get('/v1/issuers');
        return body.issuers[0].keys.length > 0 ? true : undefined;
      });
      served.serve([second?.publicJwk ?? {}]);
    },
  };
}

function isReuse({ json }: Hooked): boolean {
  return json.data.alert?.name === 'KidReused';
}

t.test('kill -9 between the commit and the delivery: told after the restart', async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startReusingIssuer(cleanup);
  const stuck = await startWebhookServer(cleanup);
  const works = await startWebhookServer(cleanup);
  // It takes the request and says nothing: nobody knows whether it was told.
  stuck.answer = () => undefined;
  await writeFile(join(directory, 'secret'), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', {
    mode: 0o600,
  });
  const settings = {
    public_url: 'https://keyturn.example.com',
    issuers: [issuer.settings],
    policy: QUICK_POLICY,
    receivers: [
      { name: 'stuck', type: 'webhook', url: `${stuck.url}/in/hidden-token`, allow_private: true },
      {
        name: 'works',
        type: 'webhook',
        url: works.url,
        allow_hosts: ['127.0.0.1'],
        secret_file: 'secret',
      },
    ],
  };
  let collector = await startCollectorProcess(directory, settings);
  cleanup.add('collector', () => collector.child.kill());
  await issuer.reuse(collector);
  const told = await works.first('the one that works is told', isReuse);
  t.match(told.json, {
    specversion: '1.0',
    type: 'dev.keyturn.alert.firing',
    data: { change: 'fired', alert: { severity: 'critical', labels: { kid: '2026-a' } } },
  });
  t.match(told.headers, {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'webhook-id': told.json.id,
    'webhook-signature': /^v1,/,
  });
  const before = await stuck.first('the other one was asked', isReuse);
  t.equal(before.json.id, told.json.id, 'one piece of news has one id');

  // Whoever does not answer holds up nothing else.
  const startedMs = performance.now();
  t.equal((await collector.api.get('/v1/status')).status, 200);
  t.ok(performance.now() - startedMs < 2_000);

  const waiting = async () =>
    (await collector.api.get('/v1/receivers')).body.receivers.map(
      (each: { waiting: number }) => each.waiting,
    );
  await eventually('that one of them was told is on record', async () =>
    (await waiting()).join() === '1,0' ? true : undefined,
  );

  await collector.child.kill();
  const asked = stuck.got.length;
  stuck.answer = (_hooked, response) => {
    response.end();
  };
  collector = await startCollectorProcess(directory, settings);
  const again = await eventually('it is told after the restart', () =>
    stuck.got.slice(asked).find(isReuse),
  );
  t.equal(again.json.id, before.json.id, 'under the same id');
  t.equal(again.body, before.body, 'the same in every byte');
  await eventually('nothing waits any more', async () =>
    (await waiting()).join() === '0,0' ? true : undefined,
  );
  t.equal(works.got.filter(isReuse).length, 1, 'who had been told is not told again');

  const tested = await keyturn(collector, 'alerts', 'test', 'works');
  t.match(tested, { code: 0, stdout: /works takes what it is sent/ });
  stuck.answer = ({ body }, response) => {
    response.writeHead(500).end(`cannot POST /in/hidden-token ${body}`);
  };
  const failed = await keyturn(collector, 'alerts', 'test', 'stuck');
  t.match(failed, { code: 1, stdout: /status 500/ });
  const nobody = await keyturn(collector, 'alerts', 'test', 'nobody');
  t.match(nobody, { code: 1, stderr: /no receiver nobody/ });
  const doctor = await keyturn(collector, 'doctor');
  t.match(doctor.stdout, /receiver stuck does not take what it is sent/);
  t.match(doctor.stdout, /receiver works takes what it is sent/);
  const everything = [tested, failed, doctor].map(({ stdout, stderr }) => stdout + stderr).join();
  t.notMatch(everything + collector.child.lastLines(), /hidden-token|MfKQ9/);
});

t.test('a receiver that hangs does not hold up the end', async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startReusingIssuer(cleanup);
  const hangs = await startWebhookServer(cleanup);
  hangs.answer = () => undefined;
  const collector = await startCollectorProcess(directory, {
    issuers: [issuer.settings],
    policy: QUICK_POLICY,
    receivers: [{ name: 'hangs', type: 'webhook', url: hangs.url, allow_private: true }],
  });
  cleanup.add('collector', () => collector.child.kill());
  await issuer.reuse(collector);
  await hangs.first('it is asked', isReuse);
  const startedMs = performance.now();
  await collector.child.stop(10_000);
  const tookMs = performance.now() - startedMs;
  // Two seconds for what is under way, where it would hang for ten.
  t.ok(tookMs < 7_000, `${Math.round(tookMs)} ms`);
  t.match(collector.child.lastLines(), /collector stopped/);
});

import { join } from 'node:path';
import t from 'tap';
import type { VerdictView } from '@keyturn/collector/api/schemas/verdict.ts';
import type { Child } from '../harness/child.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { keyturn } from '../harness/keyturn-cli.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { startReporter } from './reporter.ts';
import { keyPublished, startRotatingIssuer } from './rotating-issuer.ts';

const OLD = '2026-a';
const NEW = '2026-b';

// A fleet of three kinds under one open rotation: an autoscaled service whose instances come and go,
// appliances a person vouches for, and an app nobody can see.

// A dozen programs are started one after the other, on whatever machine this is.
t.setTimeout(180_000);

t.test('a fleet of several kinds changes while a rotation is open', async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startRotatingIssuer(cleanup, [OLD, NEW]);
  const both = issuer.both as readonly { kid: string }[];
  const grpcPort = await freePort();
  const collector = await startCollectorProcess(directory, {
    listen: { http: '127.0.0.1:0', grpc: `127.0.0.1:${grpcPort}` },
    issuers: [{ ...issuer.settings, origin_spread: '0s' }],
    services: [
      {
        name: 'web',
        kind: 'instrumented',
        profile: 'npm-jose',
        instances: { min: 2, max: 3 },
      },
      { name: 'appliance', kind: 'static', shipping_interval: '30d' },
      {
        name: 'mobile-app',
        kind: 'unmanaged',
        cohorts: [
          { percentile: 50, within: '1s' },
          { percentile: 99.9, within: '4s' },
        ],
      },
    ],
    policy: { ...QUICK_POLICY, cover_percentile: 99 },
  });
  cleanup.add('collector', () => collector.child.kill());
  const instances = new Map<string, Child>();
  cleanup.add('instances', async () => {
    await Promise.all([...instances.values()].map((child) => child.kill()));
  });
  const startInstance = async (instance: string, jwks: readonly { kid: string }[]) => {
    const child = await startReporter({
      collector: `127.0.0.1:${grpcPort}`,
      service: 'web',
      instance,
      issuer: issuer.issuer,
      jwks,
      journal: join(directory, `${instance}.journal`),
      everyMs: 0,
      seed: 1,
    });
    instances.set(instance, child);
  };
  const kill = async (instance: string) => instances.get(instance)?.kill();

  await Promise.all([startInstance('web-1', both), startInstance('web-2', both)]);
  await keyPublished(collector, OLD);
  const keys = ['--issuer', issuer.issuer, '--alg', 'ES256', '--new-kid', NEW];
  const started = await keyturn(collector, 'rotation', 'start', ...keys, '-o', 'json');
  t.equal(started.code, 0, started.stderr);
  const { id } = (JSON.parse(started.stdout) as { rotation: { id: string } }).rotation;
  const activate = async (): Promise<VerdictView> =>
    (await collector.api.get(`/v1/rotations/${id}/gates/activate`)).body;
  const blocked = async () => {
    const { checks } = await activate();
    return checks.filter(({ status }) => status === 'fail' || status === 'unknown');
  };
  const blockedBy = (what: string, ...ids: readonly string[]) =>
    eventually(
      what,
      async () => {
        const now = (await blocked()).map((check) => check.id);
        return now.join() === ids.join() ? now : undefined;
      },
      20_000,
    );

  const before = await keyturn(collector, 'services');
  t.match(before.stdout, /appliance +static +a named person, ships every 30d +0 +the word of a/);
  t.match(before.stdout, /mobile-app +unmanaged +time: 99\.9 % within 4s +- +publication of/);
  t.match(before.stdout, /web +instrumented +evidence: present +2 of 2 to 3 +/);

  const publishedMs = Date.now();
  issuer.serve([...both]);
  await blockedBy('the app has had its time', 'attested');
  t.ok(Date.now() - publishedMs >= 4_000, 'and not before');
  const short = ['attest', 'appliance', '--fact', 'holds_new', '--reason', 'shipped'];
  t.equal((await keyturn(collector, ...short, '--valid-for', '15s', '--by', 'ana')).code, 0);
  await blockedBy('a word opens the gate');
  const open = await keyturn(collector, 'gate', 'activate');
  t.match(open, { code: 0, stdout: /note: .*ana for appliance, expires at/ });
  t.match(open.stdout, /note: .*0\.1 % of mobile-app may refuse new tokens/);
  await blockedBy('the word has run out', 'attested');
  t.equal((await keyturn(collector, ...short, '--valid-for', '1h', '--by', 'ana')).code, 0);
  await blockedBy('the word was given again');

  await startInstance('web-3', [both[0] as { kid: string }]);
  await blockedBy('one more instance, from an old image', 'new_key_known');
  t.match((await blocked())[0]?.offenders, [{ service: 'web', instance: 'web-3' }]);
  t.match(await keyturn(collector, 'gate', 'activate'), { code: 3, stdout: /web\/web-3/ });
  await kill('web-3');
  await startInstance('web-3', both);
  await blockedBy('it has fetched the new key');

  await kill('web-1');
  await eventually('web-1 is silent', async () => {
    const { body } = await collector.api.get('/v1/verifiers?state=silent');
    return body.verifiers.length === 1 ? true : undefined;
  });
  t.same(await blocked(), [], 'two others report: it was replaced');
  await kill('web-2');
  await blockedBy('one is fewer than two', 'fleet_heard');
  t.match(
    (await keyturn(collector, 'services')).stdout,
    /web .* 1 of 2 to 3 +2 verifiers not heard/,
  );
  t.equal((await keyturn(collector, 'gate', 'activate')).code, 4);
  await startInstance('web-4', both);
  await blockedBy('another one has come');
  t.match(await keyturn(collector, 'rotation', 'activate', id), { code: 0 });

  const shown = (await keyturn(collector, 'rotation', 'show', id)).stdout;
  t.match(shown, /service appliance \(static\) waits for nothing/);
  t.match(shown, /service mobile-app \(unmanaged, 0\.1 % of it left out\) waits for nothing/);
  t.match(
    (await keyturn(collector, 'audit', '--rotation', id)).stdout,
    /gate activate is closed: /,
  );
});

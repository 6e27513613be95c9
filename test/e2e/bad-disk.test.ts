import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile, rm, stat, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { startKeySetServer } from '../harness/key-set-server.ts';
import { PROGRAMS } from '../harness/programs.ts';
import { plainEnvironment, runToEnd } from '../harness/run-to-end.ts';
import { makeSigningKey } from '../harness/signing-key.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { readJournal } from './journal.ts';
import { mounted } from './mount.ts';
import { acceptedBytes, helloBytes, rawSession, reportBytes } from './raw-fleet.ts';
import { startReporter } from './reporter.ts';
import { countedTotals, readStored } from './stored-totals.ts';

const NO_MOUNT = 'mounting is not allowed here';

/** A start on data that cannot be used: exit code 1 and the one sentence. */
async function refusedStart(t: Test, data: string): Promise<string> {
  const ended = await runToEnd({
    args: [PROGRAMS.collector],
    cwd: data,
    env: plainEnvironment({
      KEYTURN_DATA: data,
      KEYTURN_LISTEN_HTTP: '127.0.0.1:0',
      KEYTURN_LISTEN_GRPC: '127.0.0.1:0',
    }),
  });
  t.equal(ended.code, 1);
  t.equal(ended.stdout, '', 'nothing listens');
  t.match(ended.stderr, /^keyturn-collector: /m);
  t.notMatch(ended.stderr, /\n\s+at /, 'no stack');
  return ended.stderr;
}

/** Data of a collector that has run and was stopped. */
async function usedData(directory: string): Promise<string> {
  const collector = await startCollectorProcess(directory, {});
  await collector.child.stop();
  return join(directory, 'data');
}

async function fingerprint(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

t.test('a truncated database', async (t) => {
  const data = await usedData(await tempDirectory(teardownWith(t)));
  const file = join(data, 'keyturn.db');
  for (const size of [(await stat(file)).size >> 1, 100, 0]) {
    await truncate(file, size);
    const before = await fingerprint(file);
    const said = await refusedStart(t, data);
    t.match(said, /keyturn\.db is damaged or is not a database: .*\. Restore it/, `${size} bytes`);
    t.equal(await fingerprint(file), before, 'left as it is');
  }
});

t.test('data another collector works on', async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const collector = await startCollectorProcess(directory, {});
  cleanup.add('collector', () => collector.child.kill());
  const said = await refusedStart(t, join(directory, 'data'));
  t.match(said, /keyturn\.db is in use by another process: .*\. Stop the other collector/);
  t.equal((await collector.api.get('/readyz')).status, 200, 'which goes on');
});

t.test('data that is lost while agents run', async (t) => {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const issuer = await startKeySetServer([]);
  cleanup.add('issuer', () => issuer.close());
  const settings = {
    listen: { http: '127.0.0.1:0', grpc: `127.0.0.1:${await freePort()}` },
    issuers: [{ issuer: issuer.issuer, jwks_uri: issuer.jwksUri }],
    policy: QUICK_POLICY,
  };
  let collector = await startCollectorProcess(directory, settings);
  cleanup.add('collector', () => collector.child.kill());
  const journal = join(directory, 'journal');
  const agent = await startReporter({
    collector: collector.grpc,
    service: 'orders',
    instance: 'a',
    issuer: issuer.issuer,
    jwks: [],
    journal,
    everyMs: 5,
    seed: 1,
  });
  cleanup.add('agent', () => agent.kill());
  const heard = () =>
    eventually('a report', async () => {
      const { body } = await collector.api.get('/v1/verifiers?state=reporting');
      return body.verifiers[0]?.reported_at ?? undefined;
    });
  await heard();
  await collector.child.kill();
  await rm(join(directory, 'data'), { recursive: true });
  collector = await startCollectorProcess(directory, settings);
  await heard();
  await agent.stop();
  await collector.child.stop();
  const record = (await readStored(join(directory, 'data'))).verifiers.get('orders/a/jwks');
  t.same(record && countedTotals(record), readJournal(journal).counted, 'everything is told again');
});

t.test('a read-only disk', async (t) => {
  const cleanup = teardownWith(t);
  const data = await usedData(await tempDirectory(cleanup));
  const at = await mounted(cleanup, ['--bind', data]);
  if (at === undefined) {
    t.pass(NO_MOUNT, { skip: NO_MOUNT });
    return;
  }
  execFileSync('mount', ['-o', 'remount,ro,bind', at]);
  const said = await refusedStart(t, at);
  t.match(said, /keyturn\.db cannot be written: .*EROFS.*Make the file and its directory writable/);
});

t.test('a disk that is full from the start', async (t) => {
  const cleanup = teardownWith(t);
  const at = await mounted(cleanup, ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs']);
  if (at === undefined) {
    t.pass(NO_MOUNT, { skip: NO_MOUNT });
    return;
  }
  fillUp(join(at, 'ballast'));
  t.match(await refusedStart(t, at), /keyturn\.db has no space left to grow: .*Free space/);
});

t.test('a disk that runs full, and has room again', async (t) => {
  const cleanup = teardownWith(t);
  const at = await mounted(cleanup, ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs']);
  if (at === undefined) {
    t.pass(NO_MOUNT, { skip: NO_MOUNT });
    return;
  }
  const [old, next] = await Promise.all(['old', 'new'].map((kid) => makeSigningKey(kid, 'ES256')));
  const issuer = await startKeySetServer([old?.publicJwk ?? {}, next?.publicJwk ?? {}]);
  cleanup.add('issuer', () => issuer.close());
  const directory = await tempDirectory(cleanup);
  const collector = await startCollectorProcess(directory, {
    data: join(at, 'data'),
    issuers: [{ issuer: issuer.issuer, jwks_uri: issuer.jwksUri, watch_interval: '500ms' }],
    services: [{ name: 'orders' }],
    policy: QUICK_POLICY,
  });
  cleanup.add('collector', () => collector.child.kill());
  const { api } = collector;
  const rotation = await eventually('the keys are seen', async () => {
    const { status, body } = await api.post('/v1/rotations', {
      issuer: issuer.issuer,
      alg: 'ES256',
      old_kid: 'old',
      new_kid: 'new',
      by: 'test',
    });
    return status === 201 ? body.rotation.id : undefined;
  });

  const session = () => {
    const opened = rawSession(collector.grpc);
    cleanup.add('session', () => {
      opened.close();
    });
    return opened;
  };
  const first = session();
  first.send(helloBytes({ instance: 'a', issuer: issuer.issuer }));
  await first.welcome();
  let acked = 0;
  const report = async (to: typeof first, seq: number): Promise<void> => {
    to.send(reportBytes(1, seq, acceptedBytes(issuer.issuer, 'old', BigInt(seq))));
    const [ack] = await to.acks();
    t.equal(ack?.result, 'applied');
    acked = seq;
  };
  await report(first, 1);

  const ballast = join(at, 'ballast');
  fillUp(ballast);
  let seq = 1;
  await t.rejects(
    (async () => {
      for (;;) {
        seq += 1;
        await report(first, seq);
      }
    })(),
    { message: /UNAVAILABLE.*the store refuses writes/ },
    'an agent is told that its report was not kept',
  );
  t.match(await api.get('/readyz'), { status: 503, body: { store_writable: false } });
  const gate = await api.get(`/v1/rotations/${rotation}/gates/activate`);
  t.equal(gate.status, 200, 'readers are served');
  t.not(gate.body.status, 'open');
  t.match(
    gate.body.checks.find((check: { id: string }) => check.id === 'store_writable'),
    { status: 'unknown', help: 'keyturn doctor' },
  );
  const act = await api.post(`/v1/rotations/${rotation}/steps`, { step: 'abort', by: 'test' });
  t.equal(act.status, 503, 'no act is taken that would not be on record');

  await unlink(ballast);
  await eventually('the store takes writes again', async () =>
    (await api.get('/readyz')).status === 200 ? true : undefined,
  );
  const second = session();
  second.send(helloBytes({ instance: 'a', issuer: issuer.issuer }));
  const { assignments } = await second.welcome();
  t.match(assignments, [{ epoch: 1 }], 'the same process goes on in its epoch');
  await report(second, Math.max(seq, assignments[0]?.committedSeq ?? 0) + 1);

  await collector.child.kill();
  const record = (await readStored(join(at, 'data'))).verifiers.get('orders/a/jwks');
  t.same(record && countedTotals(record), { 'old ok': acked }, 'exactly what was acked last');
});

/** Writes until the file system has no byte left. */
function fillUp(file: string): void {
  const descriptor = openSync(file, 'w');
  for (const bytes of [65_536, 4_096, 1]) {
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  closeSync(descriptor);
}

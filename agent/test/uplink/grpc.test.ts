import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { systemClock } from '@keyturn/shared/clock.ts';
import { ServerCredentials } from '@grpc/grpc-js';
import t from 'tap';
import type { AgentEvent } from '../../src/events.ts';
import { createAgentEvents } from '../../src/events.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createLedger } from '../../src/ledger/memory-ledger.ts';
import { ownIdentity } from '../../src/proxy/own-authority.ts';
import { grpcDialer } from '../../src/uplink/grpc.ts';
import type { TlsOptions } from '../../src/uplink/tls-options.ts';
import type { Uplink } from '../../src/uplink/uplink.ts';
import { createUplink } from '../../src/uplink/uplink.ts';
import { TestCollector } from './collector.ts';

const A = 'https://a.example';

function ledgerOf(cache: string): Ledger {
  return createLedger({
    id: { service: 'orders', instance: 'pod-1', cache },
    profile: 'npm-jose',
    source: 'in_process',
    issuers: [A],
  });
}

function uplinkTo(address: string, told: AgentEvent[], tls?: TlsOptions): Uplink {
  return createUplink({
    dial: grpcDialer(address, tls),
    collector: address,
    agentVersion: '0.0.0',
    clock: systemClock,
    random: () => 0.5,
    events: createAgentEvents((event) => {
      told.push(event);
    }),
  });
}

async function started(t: Pick<typeof import('tap').default, 'teardown'>, settings = {}) {
  const collector = new TestCollector(settings);
  const address = await collector.start();
  const told: AgentEvent[] = [];
  const uplink = uplinkTo(address, told);
  t.teardown(async () => {
    await uplink.close();
    collector.stop();
  });
  return { collector, uplink, told, address };
}

t.test('reports over a stream, many verifiers, goodbye', async (t) => {
  const { collector, uplink, told } = await started(t, {
    watchedKeys: [{ issuer: A, kid: 'next' }],
  });
  const ledgers = Array.from({ length: 450 }, (_, i) => ledgerOf(`c${i}`));
  for (const ledger of ledgers) uplink.add(ledger);
  await collector.until(() => collector.reports.length >= 450);
  t.equal(collector.calls.stream, 1);
  const first = ledgers[0];
  if (first === undefined) throw new Error('no ledger');
  for (let i = 0; i < 20; i += 1) first.count(A, `noise${i}`, 'unknown_kid', null, 0);
  first.count(A, 'next', 'unknown_kid', null, 0);
  uplink.changed(first, 'now');
  await collector.until(() => (collector.latest('c0')?.counts.length ?? 0) > 0);
  const rows = collector.latest('c0')?.counts.map((row) => row.key);
  t.ok(
    rows?.some((key) => key.kind === 'kid' && key.kid === 'next'),
    'the watched kid is counted by name',
  );
  uplink.remove(first, 'done');
  await collector.until(() => collector.goodbyes.includes('c0'));
  const late = ledgerOf('late');
  uplink.add(late);
  await collector.until(() => collector.latest('late') !== undefined);
  late.count(A, null, 'ok', { iatS: 5, expS: 9 }, 0);
  await uplink.close();
  t.equal(collector.latest('late')?.counts[0]?.highestIat, 5, 'close sends what is left');
  t.equal(new Set(collector.goodbyes).size, 451);
  t.same(
    told.map((event) => event.kind),
    ['connected'],
  );
});

t.test('comes back after the collector went away, and the numbers go on', async (t) => {
  const { collector, uplink, told } = await started(t);
  const ledger = ledgerOf('c');
  uplink.add(ledger);
  await collector.until(() => collector.reports.length === 1);
  collector.breakStreams();
  await collector.until(() => collector.reports.length === 2);
  t.same(
    collector.reports.map(({ report }) => [report.epoch, report.seq]),
    [
      [1, 1],
      [1, 2],
    ],
  );
  t.same(
    told.map((event) => event.kind),
    ['connected', 'disconnected', 'connected'],
  );
});

t.test('a verifier that stops and comes back while the collector is away', async (t) => {
  const { collector, uplink, told } = await started(t);
  const [first, second] = [ledgerOf('c'), ledgerOf('c')];
  first.count(A, 'k', 'ok', null, 0);
  uplink.add(first);
  uplink.add(second);
  t.match(told, [{ kind: 'fault', where: 'uplink.add', message: /orders\/pod-1\/c is reported/ }]);
  await collector.until(() => collector.reports.length === 1);
  collector.breakStreams();
  await collector.until(() => told.at(-1)?.kind === 'disconnected');
  uplink.remove(first, 'restarting');
  uplink.add(first);
  await collector.until(() => collector.reports.length === 2);
  t.equal(collector.latest('c')?.seq, 2);
  t.same(collector.goodbyes, []);
});

t.test('streams refused: single calls', async (t) => {
  const { collector, uplink, told } = await started(t, { reportIntervalMs: 300 });
  collector.refusesStreams = true;
  const ledger = ledgerOf('c');
  uplink.add(ledger);
  uplink.add(ledgerOf('d'));
  await collector.until(() => (collector.latest('c')?.seq ?? 0) >= 3);
  t.ok((collector.latest('d')?.seq ?? 0) >= 2);
  t.equal(collector.calls.stream, 1);
  t.ok(told.some((event) => event.kind === 'connected' && event.over === 'calls'));
  ledger.count(A, 'k', 'bad_signature', null, 0);
  uplink.remove(ledger, 'done');
  await collector.until(() => collector.goodbyes.includes('c'));
  t.match(collector.latest('c')?.counts, [{ outcomes: { bad_signature: 1 } }]);
  await uplink.close();
  t.same(collector.goodbyes, ['c', 'd']);
});

t.test('refused verifiers are told', async (t) => {
  const { collector, uplink, told } = await started(t);
  collector.refused.set('c', 'not in the inventory');
  uplink.add(ledgerOf('c'));
  uplink.add(ledgerOf('d'));
  await collector.until(() => collector.latest('d') !== undefined);
  t.match(
    told.find((event) => event.kind === 'verifier_refused'),
    {
      verifier: { cache: 'c' },
      reason: 'not in the inventory',
    },
  );
  t.equal(collector.latest('c'), undefined);
});

t.test('settings pushed on the stream are obeyed', async (t) => {
  const { collector, uplink } = await started(t);
  uplink.add(ledgerOf('c'));
  await collector.until(() => collector.reports.length === 1);
  collector.push({ reportIntervalMs: 60 });
  await collector.until(() => collector.reports.length >= 4);
  t.equal(uplink.settings.reportIntervalMs, 60);
});

t.test('nobody there: told, nothing thrown, close is quick', async (t) => {
  const told: AgentEvent[] = [];
  const uplink = uplinkTo('127.0.0.1:1', told);
  const ledger = ledgerOf('c');
  uplink.add(ledger);
  uplink.changed(ledger, 'now');
  await new TestCollector().until(() => told.length > 0);
  t.match(told[0], { kind: 'disconnected', reason: /ECONNREFUSED/ });
  const startedAtMs = performance.now();
  await uplink.close();
  t.ok(performance.now() - startedAtMs < 1_000);
});

t.test('a process with nothing else to do ends, whatever the collector does', async (t) => {
  const collector = new TestCollector();
  const address = await collector.start();
  t.teardown(() => {
    collector.stop();
  });
  for (const [what, target, waitMs] of [
    ['connected', address, 700],
    ['connecting', address, 0],
    ['nobody there', '127.0.0.1:1', 400],
  ] as const) {
    const run = promisify(execFile)(
      process.execPath,
      [new URL('./idle-process.ts', import.meta.url).pathname, target, String(waitMs)],
      { timeout: 15_000 },
    );
    const { stdout } = await run;
    const { endedAfterMs, kinds } = JSON.parse(stdout) as {
      endedAfterMs: number;
      kinds: readonly string[];
    };
    t.ok(endedAfterMs < waitMs + 600, `${what}: ended after ${Math.round(endedAfterMs)} ms`);
    if (what === 'connected') t.same(kinds, ['connected']);
  }
});

t.test('what a listener of events does is done before the process ends', async (t) => {
  const collector = new TestCollector();
  const address = await collector.start();
  const slow = createServer((_request, response) => setTimeout(() => response.end(), 500));
  await once(slow.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => {
    collector.stop();
    slow.close();
  });
  const { port } = slow.address() as AddressInfo;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      new URL('./idle-process.ts', import.meta.url).pathname,
      address,
      '300',
      `http://127.0.0.1:${port}/`,
    ],
    { timeout: 15_000 },
  );
  t.match(JSON.parse(stdout), { kinds: ['connected', 'answered'] });
});

t.test('whoever waits for the goodbye sees it done', async (t) => {
  const collector = new TestCollector();
  const address = await collector.start();
  t.teardown(() => {
    collector.stop();
  });
  const file = new URL('./idle-process.ts', import.meta.url).pathname;
  const args = [file, address, '300', 'close'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 15_000 });
  t.same((JSON.parse(stdout) as { kinds: unknown }).kinds, ['connected', 'closed']);
  t.equal(collector.goodbyes.length, 1);
});

t.test('TLS: the authority and the name are checked', async (t) => {
  const directory = t.testdir();
  const { cert, key, caFile } = await ownIdentity(directory, ['127.0.0.1'], Date.now());
  const ca = await readFile(caFile);
  const collector = new TestCollector();
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  const address = await collector.start(ServerCredentials.createSsl(null, [pair]));
  const reached = async (tls: TlsOptions): Promise<string> => {
    const told: AgentEvent[] = [];
    const uplink = uplinkTo(address, told, tls);
    uplink.add(ledgerOf(`c${collector.hellos.length}`));
    await collector.until(() => told.length > 0);
    await uplink.close();
    const [first] = told;
    return first?.kind === 'disconnected' ? first.reason : (first?.kind ?? '');
  };
  t.equal(await reached({ ca }), 'connected');
  t.match(await reached({}), /UNAVAILABLE.*(?:self-signed|unable to)/);
  t.match(await reached({ ca, serverName: 'elsewhere.example' }), /UNAVAILABLE.*elsewhere/);
  collector.stop();
});

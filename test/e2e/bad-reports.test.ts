import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createAgent } from '@keyturn/agent';
import { startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { startKeySetServer } from '../harness/key-set-server.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { countedTotals, readStored } from './stored-totals.ts';
import {
  acceptedBytes,
  field,
  helloBytes,
  keySetBytes,
  rawSession,
  reportBytes,
} from './raw-fleet.ts';

const YEAR_MS = 365 * 86_400_000;

/** A collector that must outlive everything in this file. */
async function startVictim(t: Test) {
  const cleanup = teardownWith(t);
  const directory = await tempDirectory(cleanup);
  const server = await startKeySetServer([]);
  cleanup.add('issuer', () => server.close());
  const { issuer, jwksUri } = server;
  const collector = await startCollectorProcess(directory, {
    issuers: [{ issuer, jwks_uri: jwksUri }],
    services: [{ name: 'orders' }],
  });
  cleanup.add('collector', () => collector.child.kill());
  const session = () => {
    const opened = rawSession(collector.grpc);
    cleanup.add('session', () => {
      opened.close();
    });
    return opened;
  };
  return { collector, issuer, session, data: join(directory, 'data') };
}

function kids(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `kid-${index}`);
}

t.test('what a hostile or broken reporter sends', async (t) => {
  const { collector, issuer, session, data } = await startVictim(t);

  /** A session whose verifier has one accepted report with five tokens of `k1`. */
  const greeted = async (instance: string) => {
    const opened = session();
    opened.send(helloBytes({ instance, issuer }));
    const { assignments } = await opened.welcome();
    t.match(assignments, [{ handle: 1, epoch: 1, refused: '' }], `${instance} is welcome`);
    opened.send(reportBytes(1, 1, acceptedBytes(issuer, 'k1', 5n)));
    t.match(await opened.acks(), [{ result: 'applied' }]);
    return opened;
  };

  const refusedAlone: readonly {
    readonly name: string;
    readonly parts: readonly Buffer[];
    readonly reason: RegExp;
  }[] = [
    {
      name: '10,000 kids in a key set',
      parts: [keySetBytes(issuer, kids(10_000))],
      reason: /key_sets\S*keys: expected at most 128 entries, got 10000$/,
    },
    {
      name: '10,000 kids in counts',
      parts: kids(10_000).map((kid) => acceptedBytes(issuer, kid, 1n)),
      reason: /counts: expected at most 256 entries, got 10000$/,
    },
    {
      name: 'a kid of 1,000,000 bytes in counts',
      parts: [acceptedBytes(issuer, 'k'.repeat(1_000_000), 1n)],
      reason: /counts\S*kid: expected at most 128 bytes, got 1000000$/,
    },
    {
      name: 'a kid of 1,000,000 bytes in a key set',
      parts: [keySetBytes(issuer, ['k'.repeat(1_000_000)])],
      reason: /key_sets\S*kid: expected at most 128 bytes, got 1000000$/,
    },
    {
      name: 'a token issued before 1970',
      parts: [acceptedBytes(issuer, 'k1', 6n, field(6, -5n))],
      reason: /counts\S*highest_iat: expected .*, got -5$/,
    },
    {
      name: 'counts that go back',
      parts: [acceptedBytes(issuer, 'k1', 4n)],
      reason: /^counts\.ok: expected at least 5 .*, got 4$/,
    },
    {
      name: 'a kid that would forge a log line',
      parts: [acceptedBytes(issuer, 'k\n{"level":30,"msg":"gate open"}', 1n)],
      reason: /counts\S*kid: expected printable characters only, got "k\\n/,
    },
  ];
  for (const [index, { name, parts, reason }] of refusedAlone.entries()) {
    const opened = await greeted(`refused-${index}`);
    opened.send(reportBytes(1, 2, ...parts));
    const [ack] = await opened.acks();
    t.equal(ack?.result, 'rejected', name);
    t.match(ack?.reason, reason, 'names the field, what was expected and what came');
    opened.send(reportBytes(1, 3, acceptedBytes(issuer, 'k1', 6n)));
    t.match(await opened.acks(), [{ result: 'applied' }], 'the session goes on');
  }

  const endsTheStream: readonly {
    readonly name: string;
    readonly bytes: Buffer;
    readonly code: string;
    readonly details: RegExp;
  }[] = [
    {
      name: 'a kid of more than a megabyte',
      bytes: reportBytes(1, 2, acceptedBytes(issuer, 'k'.repeat(1_100_000), 1n)),
      code: 'RESOURCE_EXHAUSTED',
      details: /larger than max/,
    },
    {
      name: 'a negative count, which reads as a number too large for any counter',
      bytes: reportBytes(1, 2, acceptedBytes(issuer, 'k1', -5n)),
      code: 'INTERNAL',
      details: /./,
    },
    {
      name: 'bytes that are no message',
      bytes: Buffer.from('ffffffffffffffffffff', 'hex'),
      code: 'INTERNAL',
      details: /./,
    },
    {
      name: 'an empty message',
      bytes: Buffer.alloc(0),
      code: 'INVALID_ARGUMENT',
      details: /^message: expected hello, reports, goodbye or probe results, got none$/,
    },
    {
      name: 'another boot id in mid-session',
      bytes: helloBytes({ instance: 'ended-4', issuer, bootId: Buffer.alloc(16, 9) }),
      code: 'INVALID_ARGUMENT',
      details: /^hello\.boot_id: expected the boot id of the first hello$/,
    },
    {
      name: 'a boot id of the wrong length',
      bytes: field(1, field(1, 'short')),
      code: 'INVALID_ARGUMENT',
      details: /^\S*boot_id: expected 16 bytes, got 5 bytes$/,
    },
  ];
  for (const [index, { name, bytes, code, details }] of endsTheStream.entries()) {
    const opened = await greeted(`ended-${index}`);
    opened.send(bytes);
    const end = await opened.ended();
    t.equal(end.code, code, name);
    t.match(end.details, details);
  }

  t.equal((await collector.api.get('/readyz')).status, 200, 'the collector still works');
  await collector.child.stop();
  const stored = await readStored(data);
  for (const [key, record] of stored.verifiers) {
    const accepted = key.startsWith('orders/refused-') ? 6 : 5;
    t.same(countedTotals(record), { 'k1 ok': accepted }, `${key} kept what was acked, no more`);
  }
  t.equal(stored.verifiers.size, refusedAlone.length + endsTheStream.length);
});

t.test("an agent's clock a year off changes nothing but what is shown", async (t) => {
  const { collector, issuer, session } = await startVictim(t);
  for (const [instance, wallUnixMs] of [
    ['behind', Date.now() - YEAR_MS],
    ['ahead', Date.now() + YEAR_MS],
  ] as const) {
    const opened = session();
    opened.send(helloBytes({ instance, issuer, wallUnixMs }));
    t.match((await opened.welcome()).assignments, [{ refused: '' }]);
    opened.send(reportBytes(1, 1, acceptedBytes(issuer, 'k1', 1n)));
    t.match(await opened.acks(), [{ result: 'applied' }]);
  }
  const { body } = await collector.api.get('/v1/verifiers');
  t.equal(body.verifiers.length, 2);
  for (const verifier of body.verifiers) {
    const offMs = Math.abs(Date.parse(verifier.reported_at) - Date.now());
    t.ok(offMs < 60_000, `${verifier.instance} is dated by the collector's clock`);
  }
});

t.test('two agents with one identity: the newer is heard, the older is told', async (t) => {
  const { collector, issuer, session } = await startVictim(t);
  const older = session();
  older.send(helloBytes({ instance: 'twin', issuer, bootId: Buffer.alloc(16, 1) }));
  await older.welcome();
  older.send(reportBytes(1, 1, acceptedBytes(issuer, 'k1', 5n)));
  await older.acks();
  const newer = session();
  newer.send(helloBytes({ instance: 'twin', issuer, bootId: Buffer.alloc(16, 2) }));
  t.match((await newer.welcome()).assignments, [{ epoch: 2 }]);
  newer.send(reportBytes(2, 1, acceptedBytes(issuer, 'k1', 1n)));
  t.match(await newer.acks(), [{ result: 'applied' }]);
  older.send(reportBytes(1, 2, acceptedBytes(issuer, 'k1', 9n)));
  t.match(await older.acks(), [{ result: 'superseded', reason: /a newer process reports as/ }]);
  const { body } = await collector.api.get('/v1/verifiers');
  t.match(body.verifiers, [{ instance: 'twin', duplicate_at: String }], 'flagged');
});

t.test('an agent that meets 10,000 kids and one of a megabyte reports them bounded', async (t) => {
  const { collector, issuer, data } = await startVictim(t);
  const agent = createAgent({
    service: 'orders',
    instance: 'flooded',
    issuer,
    collector: collector.grpc,
  });
  const verifier = agent.verifier({ cache: 'jwks' });
  for (const kid of kids(10_000)) verifier.count(issuer, kid, 'bad_signature');
  verifier.count(issuer, 'k'.repeat(1_048_576), 'unknown_kid');
  await eventually('the report', async () => {
    const { body } = await collector.api.get('/v1/verifiers');
    return body.verifiers[0]?.reported_at ?? undefined;
  });
  await agent.close();
  await collector.child.stop();
  const record = (await readStored(data)).verifiers.get('orders/flooded/jwks');
  t.ok((record?.counts.length ?? Infinity) <= 256, 'few rows');
  const totals = record === undefined ? {} : countedTotals(record);
  t.equal(
    Object.values(totals).reduce((a, b) => a + b, 0),
    10_001,
    'every verification is counted',
  );
  t.equal(agent.faults.size, 0);
});

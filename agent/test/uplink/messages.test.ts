import { REPORT_LIMITS, type Report, type VerifierHello } from '@keyturn/shared/model/report.ts';
import t from 'tap';
import { helloMessages, reportMessages } from '../../src/uplink/messages.ts';

function report(handle: number, rows = 0): Report {
  const row = {
    issuer: 'https://login.example',
    key: { kind: 'none' },
    outcomes: { ok: 1 },
    highestIat: null,
    highestExp: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAgeMs: null,
  } as const;
  const counts = Array.from({ length: rows }, () => row);
  return { handle, epoch: 1, seq: 1, observedAgeMs: 0, keySets: [], counts, dropped: 0 };
}

const HEAD = { bootId: '00', agentVersion: '0', wallUnixMs: 0 };

function verifiers(count: number): readonly VerifierHello[] {
  return Array.from({ length: count }, (_, handle) => ({
    handle,
    id: { service: 'a', instance: `i${handle}`, cache: 'c' },
    profile: '',
    source: 'proxy' as const,
    issuers: [],
    cacheKind: 'any' as const,
  }));
}

t.test('a hello names everybody once, and nobody when there is nobody', async (t) => {
  for (const [count, sizes] of [
    [0, [0]],
    [1, [1]],
    [500, [500]],
    [1_201, [500, 500, 201]],
  ] as const) {
    const hellos = [...helloMessages(HEAD, verifiers(count))];
    t.same(
      hellos.map((hello) => hello.verifiers.length),
      sizes,
    );
    const named = hellos.flatMap((hello) => hello.verifiers.map(({ handle }) => handle));
    t.same(named, [...verifiers(count).keys()]);
  }
});

t.test('reports go out in order, in messages well below the limit', async (t) => {
  t.same([...reportMessages([])], []);
  const small = Array.from({ length: 401 }, (_, handle) => report(handle));
  const batches = [...reportMessages(small)];
  t.same(
    batches.map((batch) => batch.length),
    [200, 200, 1],
  );
  t.same(batches.flat(), small);
  const large = Array.from({ length: 50 }, (_, handle) =>
    report(handle, REPORT_LIMITS.countRowsPerReport),
  );
  const sizes = [...reportMessages(large)].map((batch) => JSON.stringify(batch).length);
  t.ok(sizes.length > 1 && Math.max(...sizes) < REPORT_LIMITS.messageBytes, sizes.join(' '));
});

t.test('a snapshot is made only when its message is put together', async (t) => {
  let made = 0;
  function* snapshots() {
    for (let handle = 0; handle < 1_000; handle += 1) {
      made += 1;
      yield report(handle);
    }
  }
  const messages = reportMessages(snapshots());
  messages.next();
  t.equal(made, 201);
});

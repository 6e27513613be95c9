import { createLedger } from '../../agent/src/ledger/memory-ledger.ts';
import { Bench } from 'tinybench';

const ISSUER = 'https://issuer.test';

/** Cost of counting one verification whose kid is known, in nanoseconds. */
export async function measureHook(): Promise<{ readonly nsPerCount: number }> {
  const ledger = createLedger({
    id: { service: 'bench', instance: 'i1', cache: 'jwks' },
    profile: 'npm-jose',
    source: 'in_process',
    issuers: [ISSUER],
  });
  const claims = { iatS: 1_700_000_000, expS: 1_700_000_600 };
  let nowMs = 0;
  const perRun = 1_000;
  const bench = new Bench({ time: 500 });
  bench.add('count', () => {
    for (let i = 0; i < perRun; i++) ledger.count(ISSUER, 'kid-1', 'ok', claims, nowMs++);
  });
  await bench.run();
  const result = bench.tasks[0]?.result;
  const medianMs = result !== undefined && 'latency' in result ? result.latency.p50 : Number.NaN;
  return { nsPerCount: (medianMs * 1e6) / perRun };
}

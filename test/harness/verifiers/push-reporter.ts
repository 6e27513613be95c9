import { randomUUID } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import type { Verification } from './polled-keys.ts';

export interface PushReporterOptions {
  /** Push API of the sidecar, `http://127.0.0.1:port`. */
  readonly pushUrl: string;
  readonly service: string;
  readonly instance: string;
  readonly issuer: string;
  /** Time between two batches of outcomes. */
  readonly everyMs: number;
}

/** What a service in any language would do to report itself: JSON over HTTP, and nothing else. */
export interface PushReporter {
  /** Null: the fetch failed; the keys told before are still in use. */
  fetched(keys: readonly JsonWebKey[] | null): void;
  verified(verification: Verification): void;
  close(): Promise<void>;
}

interface Row {
  readonly issuer: string;
  readonly kid: string | null;
  readonly outcome: string;
  count: number;
  iat?: number;
  exp?: number;
  lifetime_s?: number;
}

// More kids than this in one second come from nobody's issuer.
const ROWS_MAX = 100;

function addTo(row: Row, { iatS, expS }: Verification): void {
  row.count += 1;
  if (iatS === null || expS === null) return;
  row.iat = Math.max(row.iat ?? 0, iatS);
  row.exp = Math.max(row.exp ?? 0, expS);
  row.lifetime_s = Math.max(row.lifetime_s ?? 0, expS - iatS);
}

export function pushReporter(options: PushReporterOptions): PushReporter {
  const boot = randomUUID();
  const { service, instance, issuer } = options;
  const base = `${options.pushUrl}/v1/verifiers/${service}/${instance}/default`;
  let keys: readonly JsonWebKey[] = [];
  let fetchedAtMs = performance.now();
  let failures = 0;
  let rows = new Map<string, Row>();
  let batch: { readonly seq: number; readonly outcomes: readonly Row[] } | undefined;
  let seq = 0;

  const send = async (method: string, path: string, body?: unknown): Promise<boolean> => {
    try {
      const response = await fetch(`${base}${path}`, {
        method,
        signal: AbortSignal.timeout(2_000),
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      return response.ok;
    } catch {
      return false;
    }
  };

  const sendKeys = (): Promise<boolean> =>
    send('PUT', '/keys', {
      boot,
      issuer,
      jwks: { keys },
      data_age_ms: Math.round(performance.now() - fetchedAtMs),
      consecutive_failures: failures,
      last_error: failures === 0 ? null : 'other',
    });

  // An unanswered batch is sent again under its number, so it counts once whatever arrived.
  const sendOutcomes = async (): Promise<void> => {
    if (batch === undefined) {
      seq += 1;
      batch = { seq, outcomes: [...rows.values()] };
      rows = new Map();
    }
    if (await send('POST', '/outcomes', { boot, ...batch })) batch = undefined;
  };
  const timer = setInterval(() => void sendOutcomes(), options.everyMs);

  return {
    fetched(found) {
      failures = found === null ? failures + 1 : 0;
      if (found !== null) {
        keys = found;
        fetchedAtMs = performance.now();
      }
      void sendKeys();
    },
    verified(verification) {
      const { kid, outcome } = verification;
      const id = JSON.stringify([kid, outcome]);
      const row = rows.get(id) ?? { issuer, kid, outcome, count: 0 };
      if (rows.size >= ROWS_MAX && !rows.has(id)) return;
      rows.set(id, row);
      addTo(row, verification);
    },
    async close() {
      clearInterval(timer);
      await sendOutcomes();
      await send('DELETE', `?boot=${boot}`);
    },
  };
}

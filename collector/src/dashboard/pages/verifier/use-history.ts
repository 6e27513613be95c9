import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { VerifierHistoryView } from '../../../api/schemas/history.ts';
import { fresh, nowMs, tick } from '../../live/live.ts';
import { pathOf } from '../../route.ts';

/** Asked no more often than this, however much happens. */
const EVERY_MS = 5_000;

const ANSWER_MS = 15_000;

/** What became of a verifier, and when that was heard, collector time. */
export interface HeardHistory {
  readonly history: VerifierHistoryView | undefined;
  /** The last try brought no answer. */
  readonly failed: boolean;
  readonly heardAtMs: number;
}

const NOTHING: HeardHistory = { history: undefined, failed: false, heardAtMs: 0 };

/** The history of one verifier, read anew while the component is shown. */
export function useVerifierHistory(service: string, instance: string, cache: string): HeardHistory {
  const [heard] = useState(() => signal(NOTHING));
  const path = pathOf('v1', 'history', 'verifiers', service, instance, cache);
  useEffect(() => {
    let ended = false;
    let asking = false;
    let askedAtMs = Number.NEGATIVE_INFINITY;
    heard.value = NOTHING;
    const ask = async (): Promise<void> => {
      asking = true;
      askedAtMs = performance.now();
      try {
        const answer = await fetch(path, { signal: AbortSignal.timeout(ANSWER_MS) });
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        const history = (await answer.json()) as VerifierHistoryView;
        if (!ended) heard.value = { history, failed: false, heardAtMs: nowMs.peek() };
      } catch {
        if (!ended) heard.value = { ...heard.peek(), failed: true };
      } finally {
        asking = false;
      }
    };
    const stop = tick.subscribe(() => {
      if (asking || fresh.peek().kind !== 'live') return;
      if (performance.now() - askedAtMs >= EVERY_MS) void ask();
    });
    return () => {
      ended = true;
      stop();
    };
  }, [path, heard]);
  return heard.value;
}

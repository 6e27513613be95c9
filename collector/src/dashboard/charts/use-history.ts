import { computed } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { nowInSteps, tick } from '../live/live.ts';
import { type Columns, type Grid, mergeColumns, withoutEarlyZeros } from './columns.ts';

/** Points asked for at once; the collector widens its buckets until they fit. */
const POINTS = 600;

/** How often time without news is asked for as well: then its points are empty, and show as such. */
const ASK_EVERY_MS = 10_000;

const TIMEOUT_MS = 10_000;

/** What a chart draws, and whether it could be read. */
export interface History<V> {
  /** Null: nothing has come yet. */
  readonly columns: Columns | null;
  /** The last answer, which may be of the end only. */
  readonly last: V | null;
  /** The last question was not answered. */
  readonly isFailed: boolean;
}

export interface HistoryAsked<V> {
  /** Path and fixed part of the query, ending in `?` or `&`. */
  readonly path: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Another value: another part of the past is asked for, whole. */
  readonly rangeKey: string;
  /** `follow`: the end is now, and only what came after is read. `whole`: all of it is, each time. */
  readonly way: 'follow' | 'whole' | 'fixed';
  readonly read: (view: V) => Columns;
}

const historyVersion = computed(() => tick.value?.versions['history'] ?? 0);
const askedAtMs = nowInSteps(ASK_EVERY_MS);

const NOTHING = { columns: null, last: null, isFailed: false } as const;

/** History of the collector for a chart: read whole once, then only what came after. */
export function useHistory<V extends Grid>(asked: HistoryAsked<V>): History<V> {
  const [history, setHistory] = useState<History<V>>(NOTHING);
  const [round, setRound] = useState(0);
  const kept = useRef<{ of: string; columns: Columns | null }>({ of: '', columns: null });
  const isAsking = useRef(false);
  const of = `${asked.path} ${asked.rangeKey}`;
  const version = historyVersion.value;
  const beat = askedAtMs.value;

  const ask = async (): Promise<void> => {
    if (isAsking.current) return;
    isAsking.current = true;
    const { columns } = kept.current;
    let isAnswered = false;
    try {
      const view = await fetched<V>(queryOf(asked, columns));
      isAnswered = true;
      if (kept.current.of !== of) return;
      const piece = asked.read(view);
      const merged = isPiece(asked, columns)
        ? mergeColumns(columns, piece, Math.floor(asked.fromMs / 1_000))
        : piece;
      kept.current.columns = merged ?? null;
      if (merged !== undefined) {
        setHistory({ columns: withoutEarlyZeros(merged), last: view, isFailed: false });
      }
    } catch {
      if (kept.current.of === of) setHistory((before) => ({ ...before, isFailed: true }));
    } finally {
      isAsking.current = false;
      // Something else was asked for meanwhile, or a piece did not fit and all is to be read.
      const isOpen = kept.current.of !== of || kept.current.columns === null;
      if (isOpen && isAnswered) setRound((before) => before + 1);
    }
  };
  useEffect(() => {
    const isOther = kept.current.of !== of;
    if (isOther) {
      kept.current = { of, columns: null };
      setHistory(NOTHING);
    }
    if (asked.way !== 'fixed' || kept.current.columns === null) void ask();
  }, [of, version, beat, round]);
  return history;
}

function isPiece<V>({ way }: HistoryAsked<V>, columns: Columns | null): columns is Columns {
  return way === 'follow' && columns !== null;
}

/** All of the stretch, or what may have changed since it was read. */
function queryOf<V>(asked: HistoryAsked<V>, columns: Columns | null): string {
  const query = new URLSearchParams({ points: String(POINTS) });
  if (isPiece(asked, columns)) {
    query.set('from', new Date(columns.settledS * 1_000).toISOString());
    query.set('step', String(columns.stepS));
  } else query.set('from', new Date(asked.fromMs).toISOString());
  if (asked.way === 'fixed') query.set('to', new Date(asked.toMs).toISOString());
  return `${asked.path}${query}`;
}

async function fetched<V>(url: string): Promise<V> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`expected history, got status ${answer.status}`);
  return (await answer.json()) as V;
}

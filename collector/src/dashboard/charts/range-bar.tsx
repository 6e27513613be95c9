import { setQuery } from '../navigation.ts';
import { At } from '../ui/moment.tsx';
import {
  movedRange,
  type Preset,
  PRESET_WORDS,
  PRESETS,
  rangeQuery,
  type TimeRange,
} from './time-range.ts';

/** Which part of the past is shown; it stands in the address. */
export function RangeBar({
  range,
  otherwise,
  fromMs,
  toMs,
}: {
  readonly range: TimeRange;
  /** What is shown where the address says nothing. */
  readonly otherwise: Preset;
  readonly fromMs: number;
  readonly toMs: number;
}) {
  const go = (next: TimeRange): void => setQuery(rangeQuery(next, otherwise));
  return (
    <div class="range-bar" role="group" aria-label="Time range of the charts">
      {PRESETS.map((preset) => (
        <button
          key={preset}
          type="button"
          aria-pressed={range.kind === 'last' && range.preset === preset}
          onClick={() => go({ kind: 'last', preset })}
        >
          {PRESET_WORDS[preset]}
        </button>
      ))}
      <button type="button" onClick={() => go(movedRange({ fromMs, toMs }, -1))}>
        ← earlier
      </button>
      {range.kind === 'fixed' ? (
        <>
          <button type="button" onClick={() => go(movedRange({ fromMs, toMs }, 1))}>
            later →
          </button>
          <span class="soft">
            fixed: <At at={new Date(fromMs).toISOString()} /> to{' '}
            <At at={new Date(toMs).toISOString()} />
          </span>
        </>
      ) : (
        <span class="soft">drag over a chart to look closer</span>
      )}
    </div>
  );
}

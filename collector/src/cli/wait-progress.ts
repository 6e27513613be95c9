import { formatDuration } from '@keyturn/shared/settings.ts';
import type { VerdictView } from '../api/schemas/verdict.ts';
import { reasonsOf } from '../api/views/verdict.ts';
import { liveBlock } from './live-block.ts';
import { toTheSecond, until } from './render/time.ts';
import { nameOf, verdictLine } from './render/verdict.ts';
import type { GateWait, WaitSight } from './wait-for-gate.ts';
import type { Output, World } from './world.ts';

/** Shows what a wait sees. */
export interface WaitProgress {
  sight(sight: WaitSight): void;
  /** Stops showing. */
  end(): void;
}

const REDRAW_MS = 1_000;
const REASONS_SHOWN_MAX = 6;

/** A block that lives on a terminal, one line per change elsewhere. */
export function waitProgress(world: World, out: Output, wait: GateWait): WaitProgress {
  return out.isTerminal ? liveProgress(world, out, wait) : lineProgress(world, out);
}

function lineProgress(world: World, out: Output): WaitProgress {
  let before = '';
  return {
    sight(sight) {
      const text =
        sight.kind === 'verdict' ? verdictLine(sight.verdict) : `unreachable: ${sight.message}`;
      // `in 3m` changes by itself and is no change of the verdict.
      const change = sight.kind === 'verdict' ? changeOf(sight.verdict) : text;
      if (change === before) return;
      before = change;
      out.write(`${toTheSecond(new Date(world.clock.wallMs()).toISOString())} ${text}\n`);
    },
    end: () => undefined,
  };
}

function liveProgress(world: World, out: Output, wait: GateWait): WaitProgress {
  const block = liveBlock(out);
  const startedAtMs = world.clock.monotonicMs();
  let latest: WaitSight | undefined;
  let sightedAtMs = startedAtMs;
  let cancel = (): void => undefined;
  const draw = (): void => {
    const nowMs = world.clock.monotonicMs();
    const sinceMs = nowMs - sightedAtMs;
    block.draw([
      ...(latest === undefined ? ['asking the collector'] : sightLines(latest, wait, sinceMs)),
      `waited ${formatDuration(nowMs - startedAtMs)} of at most ${formatDuration(wait.timeoutMs)}; Ctrl-C stops`,
    ]);
    cancel();
    cancel = world.clock.after(REDRAW_MS, draw);
  };
  draw();
  return {
    sight(sight) {
      latest = sight;
      sightedAtMs = world.clock.monotonicMs();
      draw();
    },
    end() {
      cancel();
      block.clear();
    },
  };
}

/** The lines of the block; `sinceMs`: how long ago that was seen. */
export function sightLines(sight: WaitSight, wait: GateWait, sinceMs: number): string[] {
  if (sight.kind === 'unreachable') return [`unreachable: ${sight.message}`, 'trying again'];
  const { verdict, openForMs } = sight;
  const nowMs = verdict.evaluated_at_ms + sinceMs;
  const progress = verdict.progress === '' ? '' : `  ${verdict.progress} verifiers`;
  const lines = [`gate ${verdict.gate}: ${verdict.status.toUpperCase()}${progress}`];
  const reasons = reasonsOf(verdict.checks);
  for (const check of reasons.slice(0, REASONS_SHOWN_MAX)) {
    const [first] = check.offenders;
    const who =
      first === undefined ? '' : `: ${nameOf(first)}${check.offender_count > 1 ? ', …' : ''}`;
    const clears = check.clears_at === null ? '' : `, clears ${until(check.clears_at, nowMs)}`;
    lines.push(`  ${check.class}: ${check.message}${who}${clears}`);
  }
  if (reasons.length > REASONS_SHOWN_MAX)
    lines.push(`  and ${reasons.length - REASONS_SHOWN_MAX} more`);
  if (openForMs !== null && wait.stableForMs > 0) {
    const heldMs = Math.min(openForMs + sinceMs, wait.stableForMs);
    lines.push(`  open for ${formatDuration(heldMs)} of ${formatDuration(wait.stableForMs)}`);
  }
  return lines;
}

function changeOf(verdict: VerdictView): string {
  return `${verdict.summary}|${verdict.progress}|${verdict.clears_at ?? ''}|${verdict.status}`;
}

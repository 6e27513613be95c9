import type { Gate, VerdictStatus } from '@keyturn/shared/model/verdict.ts';
import type { GateTiming } from './summary.ts';

/** Remembers when each gate was asked first and when it opened. */
export interface GateLog {
  answered(gate: Gate, status: VerdictStatus, reasons: readonly string[]): void;
  timings(): Readonly<Partial<Record<Gate, GateTiming>>>;
}

interface Entry {
  readonly askedAtMs: number;
  readonly firstAnswer: VerdictStatus;
  readonly firstReasons: readonly string[];
  openedAtMs: number | null;
}

export function gateLog(startedAtMs: number, nowMs: () => number): GateLog {
  const entries = new Map<Gate, Entry>();
  const seconds = (ms: number): number => Math.round(ms / 100) / 10;
  return {
    answered(gate, status, reasons) {
      const entry = entries.get(gate) ?? {
        askedAtMs: nowMs(),
        firstAnswer: status,
        firstReasons: reasons,
        openedAtMs: null,
      };
      if (status === 'open') entry.openedAtMs ??= nowMs();
      entries.set(gate, entry);
    },
    timings() {
      const timings: Partial<Record<Gate, GateTiming>> = {};
      for (const [gate, entry] of entries) {
        const { askedAtMs, openedAtMs } = entry;
        timings[gate] = {
          askedAtSeconds: seconds(askedAtMs - startedAtMs),
          firstAnswer: entry.firstAnswer,
          firstReasons: entry.firstReasons,
          openedAtSeconds: openedAtMs === null ? null : seconds(openedAtMs - startedAtMs),
          waitedSeconds: openedAtMs === null ? null : seconds(openedAtMs - askedAtMs),
        };
      }
      return timings;
    },
  };
}

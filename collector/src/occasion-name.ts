import type { Occasion } from './core/snapshot/evidence-record.ts';

/** Why a snapshot was taken: `step activate`, `gate activate opens`, `completed by itself`. */
export function occasionName(occasion: Occasion): string {
  switch (occasion.kind) {
    case 'step':
      return `step ${occasion.step}`;
    case 'gate':
      return `gate ${occasion.gate} opens`;
    case 'end':
      return `${occasion.outcome} by itself`;
  }
}

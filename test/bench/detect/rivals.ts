import { USUAL_RATE } from './scenes.ts';
import type { Second } from './stream.ts';

/** A detector as it is asked every second; true while it says alarm. */
export interface Detector {
  readonly name: string;
  take(second: Second): boolean;
}

const BIN_S = 10;
const LONGEST_BINS = (6 * 3_600) / BIN_S;

/** Failures and tokens of the last six hours in bins of ten seconds, as sums over windows. */
class Windows {
  readonly #failures = new Float64Array(LONGEST_BINS + 1);
  readonly #tokens = new Float64Array(LONGEST_BINS + 1);
  #bins = 0;
  #sumFailures = 0;
  #sumTokens = 0;

  push(failures: number, tokens: number): void {
    this.#bins += 1;
    this.#sumFailures += failures;
    this.#sumTokens += tokens;
    const at = this.#bins % this.#failures.length;
    this.#failures[at] = this.#sumFailures;
    this.#tokens[at] = this.#sumTokens;
  }

  over(seconds: number): { readonly failures: number; readonly tokens: number } {
    const bins = Math.min(this.#bins, seconds / BIN_S);
    const at = (this.#bins - bins) % this.#failures.length;
    return {
      failures: this.#sumFailures - (this.#failures[at] ?? 0),
      tokens: this.#sumTokens - (this.#tokens[at] ?? 0),
    };
  }
}

type Judge = (windows: Windows, failures: number, tokens: number) => boolean;

/** One in a thousand tokens may fail: the objective the burn rates are of. */
const BUDGET = 0.001;

/** What people run today, on all failures, and the fastest of them on attributable failures alone. */
export function rivals(): readonly Detector[] {
  return [
    binned('SRE burn rate 14.4× (1 h and 5 m)', all, burn(14.4, 3_600, 300)),
    binned('SRE burn rate 6× (6 h and 30 m)', all, burn(6, 21_600, 1_800)),
    binned('static, above 5 % for 1 m', all, above(0.05, 60)),
    binned('Poisson, 1 m, α 10⁻⁶', all, poisson()),
    binned('EWMA, λ 0.1, L 6', all, ewma()),
    binned('SRE 14.4×, attributable only', attributable, burn(14.4, 3_600, 300)),
  ];
}

function binned(name: string, count: (second: Second) => number, judge: Judge): Detector {
  const windows = new Windows();
  let seconds = 0;
  let failures = 0;
  let tokens = 0;
  let isAlarm = false;
  return {
    name,
    take(second) {
      seconds += 1;
      failures += count(second);
      tokens += second.old.tokens + second.new.tokens + second.foreign + second.spent;
      if (seconds % BIN_S !== 0) return isAlarm;
      windows.push(failures, tokens);
      isAlarm = judge(windows, failures, tokens);
      failures = 0;
      tokens = 0;
      return isAlarm;
    },
  };
}

function all({ old, new: fresh, foreign, spent }: Second): number {
  return old.other + old.attributable + fresh.other + fresh.attributable + foreign + spent;
}

// Whoever counts reasons alone cannot tell whose kids they are.
function attributable({ old, new: fresh, foreign, spent }: Second): number {
  return old.attributable + fresh.attributable + foreign + spent;
}

function burn(factor: number, longS: number, shortS: number): Judge {
  const isBurnt = (windows: Windows, seconds: number): boolean => {
    const { failures, tokens } = windows.over(seconds);
    return tokens > 0 && failures / tokens > factor * BUDGET;
  };
  return (windows) => isBurnt(windows, longS) && isBurnt(windows, shortS);
}

function above(rate: number, seconds: number): Judge {
  return (windows) => {
    const { failures, tokens } = windows.over(seconds);
    return tokens > 0 && failures / tokens > rate;
  };
}

function poisson(): Judge {
  return (windows) => {
    const { failures, tokens } = windows.over(60);
    return failures > 0 && tail(failures, tokens * USUAL_RATE) < 1e-6;
  };
}

/** P(X ≥ x) of a Poisson distribution. */
function tail(x: number, mean: number): number {
  if (x <= mean) return 1;
  let term = Math.exp(-mean);
  let below = 0;
  for (let k = 0; k < x; k += 1) {
    below += term;
    term *= mean / (k + 1);
  }
  // For small tails the sum below 1 has no digits left: go on from there.
  let above = 0;
  for (let k = x; k < x + 200; k += 1) {
    above += term;
    term *= mean / (k + 1);
  }
  return Math.min(1 - below + 1e-15, above);
}

function ewma(): Judge {
  const weight = 0.1;
  let smooth = USUAL_RATE;
  let usualTokens = 0;
  return (_windows, failures, tokens) => {
    usualTokens = usualTokens === 0 ? tokens : 0.99 * usualTokens + 0.01 * tokens;
    if (tokens > 0) smooth = weight * (failures / tokens) + (1 - weight) * smooth;
    const variance = (USUAL_RATE * (1 - USUAL_RATE)) / Math.max(1, usualTokens);
    return smooth > USUAL_RATE + 6 * Math.sqrt((variance * weight) / (2 - weight));
  };
}

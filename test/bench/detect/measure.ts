import { keyturn, KEYTURN } from './product.ts';
import { type Detector, rivals } from './rivals.ts';
import { brokenScene, type Scene } from './scenes.ts';
import { Stream } from './stream.ts';

/** Alarms that begin again within this are one. */
const QUIET_S = 300;

/** Before something breaks: enough for every window. */
const BEFORE_S = 6.5 * 3_600;

const OWN_BEFORE_S = 3_600;

/** Nobody waits longer. */
const WAIT_S = 6 * 3_600;

export interface FalseAlarms {
  readonly scene: Scene;
  readonly days: number;
  /** By detector: alarms per thirty days. */
  readonly perMonth: ReadonlyMap<string, number>;
  /** Findings of foreign kids, which do not page. */
  readonly floods: number;
}

/** Lets a scene run in which every alarm is false. */
export function falseAlarms(scene: Scene, days: number, seed: number): FalseAlarms {
  const own = keyturn(scene);
  const detectors = [own, ...rivals()];
  const alarms = detectors.map(() => 0);
  const quietS = detectors.map(() => QUIET_S);
  const stream = new Stream(scene, seed);
  for (let second = 0; second < days * 86_400; second += 1) {
    const brought = stream.next();
    for (const [at, detector] of detectors.entries()) {
      const isAlarm = detector.take(brought);
      const quiet = quietS[at] ?? 0;
      if (isAlarm && quiet >= QUIET_S) alarms[at] = (alarms[at] ?? 0) + 1;
      quietS[at] = isAlarm ? 0 : quiet + 1;
    }
  }
  return {
    scene,
    days,
    perMonth: new Map(detectors.map(({ name }, at) => [name, ((alarms[at] ?? 0) * 30) / days])),
    floods: own.floods(),
  };
}

export interface Delays {
  readonly rate: number;
  readonly broken: number;
  /** By detector: seconds of each trial; Infinity: not within six hours. */
  readonly seconds: ReadonlyMap<string, readonly number[]>;
}

/** What is also measured of Keyturn: bins as wide as others use, and its two detectors alone. */
export const VARIANTS = {
  wide: `${KEYTURN}, bins of 10 s`,
  attributable: `${KEYTURN}, attributable alone`,
  control: `${KEYTURN}, control alone`,
} as const;

function variants(scene: Scene): readonly Detector[] {
  return [
    { ...keyturn(scene, { binMs: 10_000 }), name: VARIANTS.wide },
    { ...keyturn(scene, { asked: 'attributable' }), name: VARIANTS.attributable },
    { ...keyturn(scene, { asked: 'control' }), name: VARIANTS.control },
  ];
}

/** Breaks a cutover again and again: half of the tokens are the new key's, and some of them fail. */
export function delays(
  rate: number,
  broken: number,
  trials: number,
  seed: number,
  waitS = WAIT_S,
  beforeS = BEFORE_S,
): Delays {
  const seconds = new Map<string, number[]>();
  for (let trial = 0; trial < trials; trial += 1) {
    const scene = brokenScene(rate);
    const own = [keyturn(scene), ...variants(scene)];
    const others = rivals();
    const stream = new Stream(scene, seed + trial);
    for (let second = 0; second < beforeS; second += 1) {
      const brought = stream.next();
      for (const detector of others) detector.take(brought);
      // Keyturn looks back no further than this while a rotation is open.
      if (second >= beforeS - OWN_BEFORE_S) for (const detector of own) detector.take(brought);
    }
    const detectors = [...own, ...others];
    const found = soundings(detectors, stream, broken, waitS);
    for (const [at, { name }] of detectors.entries()) {
      const all = seconds.get(name) ?? [];
      all.push(found[at] ?? Infinity);
      seconds.set(name, all);
    }
  }
  return { rate, broken, seconds };
}

function soundings(
  detectors: readonly Detector[],
  stream: Stream,
  broken: number,
  waitS: number,
): readonly number[] {
  const found = detectors.map(() => Infinity);
  for (let second = 1; second <= waitS; second += 1) {
    const brought = stream.next(broken);
    for (const [at, detector] of detectors.entries()) {
      if (found[at] === Infinity && detector.take(brought)) found[at] = second;
    }
    if (found.every((at) => at < Infinity)) break;
  }
  return found;
}

/** The value below which this share of the trials is; Infinity where they never ended. */
export function percentile(seconds: readonly number[], share: number): number {
  const sorted = [...seconds].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Infinity;
}

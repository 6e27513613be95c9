/** What happens to the tokens of one issuer while nothing is wrong with its keys, or until something is. */
export interface Scene {
  readonly name: string;
  /** Tokens per second. */
  readonly rate: number;
  /** σ of the lognormal factor by which failures for other reasons wander, half an hour at a time. */
  readonly wander: number;
  /** Eight times a day, for two minutes, one token in twenty has wrong claims; a process starts cold. */
  readonly deploys: boolean;
  /** Once a day a key is withdrawn, and a fifth of all tokens are old expired ones of it, fading in hours. */
  readonly expiredTail: boolean;
  /** Twice a day for half an hour somebody sends five times as many tokens of kids nobody published. */
  readonly attackers: boolean;
  /** The share of the new key's tokens in an open rotation; null: there is none. */
  readonly newShare: number | null;
}

export const RATES = [50, 1, 0.1] as const;

/** Failures for reasons that have nothing to do with keys. */
export const USUAL_RATE = 0.005;

/** Failures for reasons keys cause, on a usual day. */
export const USUAL_ATTRIBUTABLE = 0.00002;

/** Shares of tokens refused once a rotation goes wrong. */
export const BROKEN = [0.001, 0.005, 0.02, 0.1] as const;

const CALM = {
  wander: 0,
  deploys: false,
  expiredTail: false,
  attackers: false,
  newShare: null,
} as const;

/** Everything in which an alarm would be false, at one rate. */
export function calmScenes(rate: number): readonly Scene[] {
  return [
    { ...CALM, name: 'calm', rate },
    { ...CALM, name: 'wandering, σ 0.3', rate, wander: 0.3 },
    { ...CALM, name: 'wandering, σ 0.6', rate, wander: 0.6 },
    { ...CALM, name: 'deploys', rate, deploys: true },
    { ...CALM, name: 'expired tokens of a retired key', rate, expiredTail: true },
    { ...CALM, name: 'attackers’ kids', rate, attackers: true },
    { ...CALM, name: 'rotation, half new, σ 0.6', rate, wander: 0.6, newShare: 0.5 },
    { ...CALM, name: 'rotation, a tenth new, σ 0.6', rate, wander: 0.6, newShare: 0.1 },
  ];
}

/** A rotation half way through, in which something breaks. */
export function brokenScene(rate: number): Scene {
  return { ...CALM, name: 'cutover', rate, newShare: 0.5 };
}

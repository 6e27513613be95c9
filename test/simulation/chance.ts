import { seededRandom } from '../harness/seeded-random.ts';

/**
 * Random choices of one part of a world. Every part has a stream of its own, named by a label, so that
 * taking one part out of a plan leaves the choices of the others as they were.
 */
export class Chance {
  readonly next: () => number;

  constructor(seed: number, label: string) {
    this.next = seededRandom(mixed(seed, label));
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number, both ends included. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  is(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.next() * from.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  /** Waiting times of a Poisson process, bounded so that no wait is absurd. */
  wait(meanMs: number): number {
    return Math.min(8 * meanMs, Math.max(1, -meanMs * Math.log(1 - this.next())));
  }
}

/** FNV-1a over the label, started at the seed. */
function mixed(seed: number, label: string): number {
  let hash = (0x811c9dc5 ^ Math.imul(seed + 1, 0x9e3779b1)) >>> 0;
  for (let i = 0; i < label.length; i += 1) {
    hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}

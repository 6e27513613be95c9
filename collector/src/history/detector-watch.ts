import { WATCHED_BUCKETS } from '../core/detectors/detectors.ts';
import { threshold } from '../core/detectors/parameters.ts';
import type { Series } from '../core/detectors/series.ts';
import type { State } from '../core/state.ts';
import { DETECTOR_MARKS, type DetectorName } from './detector-bucket.ts';
import { noteMark } from './mark.ts';
import type { Tracks } from './tracks.ts';

/** Notes for every issuer how near its detectors are to firing. */
export function watchDetectors(
  { detectors }: Readonly<State>,
  tracks: Tracks,
  fromMs: number,
  nowMs: number,
): void {
  const { issuers, binMs } = detectors;
  const ofIssuer = threshold(issuers.size, binMs);
  const ofBucket = threshold(issuers.size * WATCHED_BUCKETS.length, binMs);
  for (const { issuer, fleet, foreign, buckets } of issuers.values()) {
    const track = tracks.of(DETECTOR_MARKS, issuer);
    track.watch(fromMs, nowMs);
    if (fromMs >= nowMs) continue;
    const { marks } = track.at(nowMs - 1);
    const note = (name: DetectorName, { score, firing }: Series, h: number): void =>
      noteMark(marks, name, { score, threshold: h, firing: firing !== null });
    note('all', fleet, ofIssuer);
    note('foreign', foreign, ofIssuer);
    for (const name of WATCHED_BUCKETS) note(name, buckets[name], ofBucket);
  }
}

import type { AlertRule } from '../judgement.ts';

/** A proof is worth something for this long, milliseconds. */
export const PROOF_FRESH_MS = 60_000;

/**
 * Fires while something was lately written to the store and read back. It says that all is well, so
 * whoever receives it must be alarmed when it stays away. It alone ends on missing proof
 * (`endsUnseen` in the catalogue).
 */
export const watchdog: AlertRule = {
  names: ['Watchdog'],
  judge({ health }, now) {
    const { provenAtMs, storeFailingSinceMs, proofFailing } = health;
    const isProven = provenAtMs !== null && now.atMs - provenAtMs < PROOF_FRESH_MS;
    if (!isProven || storeFailingSinceMs !== null || proofFailing !== null) return [];
    return [
      {
        status: 'present',
        name: 'Watchdog',
        labels: {},
        summary: 'the collector runs, and what it writes can be read again',
      },
    ];
  },
};

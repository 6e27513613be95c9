/** What went wrong since the start, and what found no room. */
export interface HistoryHealth {
  readonly failedLooks: number;
  readonly failedWrites: number;
  /** Rows and events on record that could not be read. */
  readonly damaged: number;
  /** Rows and events that were given up while the store took none. */
  readonly unwritten: number;
  /** Events of verifiers that had too many. */
  readonly crowdedEvents: number;
  /** Verifications of verifiers beyond those that are counted by the minute. */
  readonly uncountedByMinute: number;
  readonly late: number;
}

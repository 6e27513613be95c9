/** What every tick of the collector says; see GET /v1/live. */
export interface Tick {
  readonly now_at: string;
  readonly started_at: string;
  readonly build: string;
  readonly versions: Readonly<Record<string, number>>;
}

/** True when `said` was made before `last` by the same collector, and came late. */
export function isOvertaken(said: Tick, last: Tick | null): boolean {
  return last !== null && last.started_at === said.started_at && last.now_at > said.now_at;
}

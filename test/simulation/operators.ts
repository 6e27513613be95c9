import type { Verdict } from '@keyturn/shared/model/verdict.ts';
import { EPOCH_MS } from './schedule.ts';
import type { World } from './world.ts';

/** Before people restart a collector whose clock is off. */
const CLOCK_PATIENCE_MS = 180_000;
/** Before people set an alert aside that they have looked into. */
const ALERT_PATIENCE_MS = 600_000;

/** The people who run the collector, and do what a check that fails advises. */
export class Operators {
  readonly #world: World;
  #clockOffSinceMs: number | null = null;
  #alertSinceMs: number | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  /** `setAside`: a person waives `no_alert` for a while. */
  heed(verdict: Verdict | undefined, setAside: () => void): void {
    this.#setClock(verdict);
    // Who is compared with a fixed wait does nothing about alerts.
    if (!this.#world.isCompared) this.#lookIntoAlert(verdict, setAside);
  }

  /**
   * A collector whose clock is off is set right and restarted, as the check advises. Its time never
   * starts below what it noted, so one that was ahead stays stopped until that is past.
   */
  #setClock(verdict: Verdict | undefined): void {
    const { schedule, plan, collector } = this.#world;
    const clock = verdict?.checks.find(({ id }) => id === 'clock_agrees');
    if (clock === undefined || clock.status === 'pass' || !clock.message.includes(' s apart')) {
      this.#clockOffSinceMs = null;
      return;
    }
    this.#clockOffSinceMs ??= schedule.nowMs;
    if (schedule.nowMs - this.#clockOffSinceMs < CLOCK_PATIENCE_MS) return;
    this.#clockOffSinceMs = null;
    this.#world.hasJumped = true;
    this.#world.collectorClock.wallOffsetMs = plan.collectorOffsetMs;
    this.#world.story.tell('people', 'set the clock of the collector and restart it');
    const isUp = collector?.life.isAlive === true && !collector.life.isPaused;
    const noted = isUp ? collector.engine.nowMs() : 0;
    const aheadMs = noted - EPOCH_MS - schedule.nowMs - plan.collectorOffsetMs;
    this.#world.crashCollector(2_000 + Math.max(0, aheadMs));
  }

  /** An alert that nothing ends, or of which nobody can see the end, is looked into and set aside. */
  #lookIntoAlert(verdict: Verdict | undefined, setAside: () => void): void {
    const { schedule } = this.#world;
    const alert = verdict?.checks.find(({ id }) => id === 'no_alert');
    const fires = alert?.status === 'fail' || alert?.status === 'unknown';
    if (!fires) return void (this.#alertSinceMs = null);
    this.#alertSinceMs ??= schedule.nowMs;
    if (schedule.nowMs - this.#alertSinceMs < ALERT_PATIENCE_MS) return;
    this.#alertSinceMs = null;
    setAside();
  }
}

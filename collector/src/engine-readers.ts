import type { Settings } from '@keyturn/shared/model/report.ts';
import { watchedText } from './agent-settings.ts';
import type { State } from './core/state.ts';

type Listener<T> = (what: T) => void;

/** Who wants to hear of changes, and what they were last told of; told after a commit. */
export class EngineReaders {
  readonly #state: State;
  readonly #settings: () => Settings;
  readonly #onChange = new Set<Listener<string>>();
  readonly #onSettings = new Set<Listener<Settings>>();
  readonly #onNews = new Set<() => void>();
  #watched: string;

  /** @param settings those in force for agents */
  constructor(state: State, settings: () => Settings) {
    this.#state = state;
    this.#settings = settings;
    this.#watched = watchedText(state);
  }

  /** Told the id of a rotation of which a verdict changed; gives the unsubscribe. */
  onChange(listener: Listener<string>): () => void {
    return added(this.#onChange, listener);
  }

  /** Told that alerts changed or there is something to deliver; gives the unsubscribe. */
  onNews(listener: () => void): () => void {
    return added(this.#onNews, listener);
  }

  /** Told the settings for agents when they changed; gives the unsubscribe. */
  onSettings(listener: Listener<Settings>): () => void {
    return added(this.#onSettings, listener);
  }

  tell(): void {
    const changed = [...this.#state.changed];
    this.#state.changed.clear();
    for (const id of changed) for (const listener of this.#onChange) listener(id);
    if (this.#state.alertsChanged || this.#state.noticesAdded) {
      this.#state.alertsChanged = false;
      this.#state.noticesAdded = false;
      for (const listener of this.#onNews) listener();
    }
    const watched = watchedText(this.#state);
    if (watched === this.#watched) return;
    this.#watched = watched;
    for (const listener of this.#onSettings) listener(this.#settings());
  }
}

function added<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

import type { Histogram, Meter, Observable } from '@opentelemetry/api';
import type { Engine } from '../engine-port.ts';
import { INSTRUMENTS, type Instrument, type InstrumentId } from '../metric-names.ts';
import type { EventCounts } from './event-counts.ts';
import { alertReadings } from './read-alerts.ts';
import { collectorReadings, processReadings } from './read-collector.ts';
import { fleetReadings } from './read-fleet.ts';
import { issuerReadings } from './read-issuers.ts';
import { rotationReadings } from './read-rotations.ts';
import type { Reading } from './reading.ts';

/** Where values come from. */
export interface MetricSources {
  readonly engine: Pick<Engine, 'state' | 'nowMs'>;
  readonly counts: EventCounts;
}

/**
 * Makes every instrument on a meter. Values are read from what is kept anyway, when the meter's reader
 * asks; only the histogram is fed as things happen.
 */
export function registerMetrics(meter: Meter, sources: MetricSources): void {
  const observed = new Map<InstrumentId, Observable>();
  for (const id of Object.keys(INSTRUMENTS) as InstrumentId[]) {
    const observable = observableOf(meter, INSTRUMENTS[id]);
    if (observable !== undefined) observed.set(id, observable);
  }
  meter.addBatchObservableCallback(
    (result) => {
      for (const { instrument, value, attributes } of readings(sources)) {
        const observable = observed.get(instrument);
        if (observable !== undefined) result.observe(observable, value, attributes);
      }
    },
    [...observed.values()],
  );
  const duration = histogramOf(meter, INSTRUMENTS.commitDuration);
  sources.counts.onCommit((durationS, errorType) => {
    duration.record(durationS, errorType === undefined ? {} : { 'error.type': errorType });
  });
}

/** Every series as it stands now. */
export function* readings({ engine, counts }: MetricSources): Iterable<Reading> {
  // The engine hands its state out to be read; the rules want it in the type they change it by.
  const state = engine.state();
  const nowMs = engine.nowMs();
  yield* collectorReadings(state, nowMs);
  yield* fleetReadings(state);
  yield* rotationReadings(state, nowMs);
  yield* issuerReadings(state, nowMs);
  yield* alertReadings(state);
  yield* counts.readings();
  yield* processReadings();
}

function observableOf(meter: Meter, instrument: Instrument): Observable | undefined {
  const { name, unit, description } = instrument;
  switch (instrument.kind) {
    case 'counter':
      return meter.createObservableCounter(name, { unit, description });
    case 'up_down_counter':
      return meter.createObservableUpDownCounter(name, { unit, description });
    case 'gauge':
      return meter.createObservableGauge(name, { unit, description });
    case 'histogram':
      return undefined;
  }
}

function histogramOf(meter: Meter, { name, unit, description, buckets }: Instrument): Histogram {
  return meter.createHistogram(name, {
    unit,
    description,
    ...(buckets === undefined ? {} : { advice: { explicitBucketBoundaries: [...buckets] } }),
  });
}

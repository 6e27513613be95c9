import { Metadata } from '@grpc/grpc-js';
import type { Clock } from '@keyturn/shared/clock.ts';
import type { AgentEventListener, AgentEvents } from '../events.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  AGENT_INSTRUMENTS,
  type AgentInstrument,
  type AgentInstrumentId,
} from '../metric-names.ts';
import { AGENT_VERSION } from '../version.ts';
import type { OpenTelemetryLike } from './open-telemetry.ts';
import { AgentReadings } from './readings.ts';

const NAME = '@keyturn/agent';

/** SpanKind.PRODUCER of OpenTelemetry's API. */
const PRODUCER = 3;

type Meter = ReturnType<OpenTelemetryLike['metrics']['getMeter']>;

/** Metrics and traces of one agent, through the API its application uses. */
export class AgentTelemetry {
  readonly #api: OpenTelemetryLike;
  readonly #readings = new AgentReadings();

  constructor(api: OpenTelemetryLike) {
    this.#api = api;
  }

  /** Hears the agent's events, then passes them on. */
  hearing(listener: AgentEventListener | undefined): AgentEventListener {
    return (event) => {
      this.#readings.take(event);
      listener?.(event);
    };
  }

  /** What a stream or call to the collector carries, so that the trace goes on there. Never throws. */
  metadata(events: Pick<AgentEvents, 'guard'>): () => Metadata {
    return () => events.guard('telemetry.metadata', () => this.#metadata()) ?? new Metadata();
  }

  #metadata(): Metadata {
    const { trace, propagation, ROOT_CONTEXT } = this.#api;
    // A trace of its own: nothing of the request that happened to come first, and none of its baggage.
    const options = { kind: PRODUCER, root: true };
    const span = trace.getTracer(NAME, AGENT_VERSION).startSpan('report to collector', options);
    const carrier: Record<string, string> = {};
    propagation.inject(trace.setSpan(ROOT_CONTEXT as never, span as never) as never, carrier);
    span.end();
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(carrier)) metadata.set(name, value);
    return metadata;
  }

  /** Makes the instruments; gives how to let them go. */
  observe(
    ledgers: { readonly ledgers: Iterable<Ledger> },
    events: Pick<AgentEvents, 'faults' | 'guard'>,
    clock: Clock,
  ): () => void {
    const meter = this.#api.metrics.getMeter(NAME, AGENT_VERSION);
    const made = new Map(
      (Object.keys(AGENT_INSTRUMENTS) as AgentInstrumentId[]).map((id) => [
        id,
        observable(meter, AGENT_INSTRUMENTS[id]),
      ]),
    );
    const read: Parameters<Meter['addBatchObservableCallback']>[0] = (result) => {
      events.guard('telemetry.read', () => {
        const now = clock.monotonicMs();
        for (const { instrument, value, attributes } of this.#readings.read(
          ledgers.ledgers,
          events.faults,
          now,
        )) {
          result.observe(made.get(instrument) as never, value, attributes);
        }
      });
    };
    const observables = [...made.values()];
    meter.addBatchObservableCallback(read, observables);
    return () => meter.removeBatchObservableCallback(read, observables);
  }
}

function observable(meter: Meter, instrument: AgentInstrument): object {
  const { name, unit, description } = instrument;
  switch (instrument.kind) {
    case 'counter':
      return meter.createObservableCounter(name, { unit, description });
    case 'up_down_counter':
      return meter.createObservableUpDownCounter(name, { unit, description });
    case 'gauge':
      return meter.createObservableGauge(name, { unit, description });
  }
}

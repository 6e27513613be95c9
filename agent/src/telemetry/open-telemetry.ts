// What is used of OpenTelemetry's API. The agent does not depend on the package: whoever wants this
// hands in the API of the application, and with it the SDK that listens behind it.

type Attributes = Readonly<Record<string, string>>;

interface InstrumentOptions {
  unit?: string;
  description?: string;
}

interface MeterLike {
  createObservableCounter(name: string, options?: InstrumentOptions): object;
  createObservableUpDownCounter(name: string, options?: InstrumentOptions): object;
  createObservableGauge(name: string, options?: InstrumentOptions): object;
  // Method syntax throughout: the API's own, narrower types fit.
  addBatchObservableCallback(callback: BatchCallback, observables: object[]): void;
  removeBatchObservableCallback(callback: BatchCallback, observables: object[]): void;
}

type BatchCallback = (result: {
  observe(observable: never, value: number, attributes?: Attributes): void;
}) => void;

interface SpanLike {
  end(): void;
}

interface TracerLike {
  startSpan(name: string, options?: object): SpanLike;
}

/** The API of OpenTelemetry: `import * as openTelemetry from '@opentelemetry/api'`. */
export interface OpenTelemetryLike {
  readonly metrics: { getMeter(name: string, version?: string): MeterLike };
  readonly trace: {
    getTracer(name: string, version?: string): TracerLike;
    setSpan(context: never, span: never): object;
  };
  readonly ROOT_CONTEXT: object;
  readonly propagation: { inject(context: never, carrier: unknown): void };
}

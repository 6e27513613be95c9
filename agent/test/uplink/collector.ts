import { setTimeout } from 'node:timers/promises';
import type { Ack, Report, Settings } from '@keyturn/shared/model/report.ts';
import {
  acksToWire,
  goodbyeFromWire,
  helloFromWire,
  reportsFromWire,
  settingsToWire,
  welcomeToWire,
} from '@keyturn/shared/wire/codec.ts';
import type {
  ReportRequest,
  ReportResponse,
  SessionRequest,
  SessionResponse,
} from '@keyturn/shared/wire/services.ts';
import { FleetServiceService } from '@keyturn/shared/wire/services.ts';
import type {
  sendUnaryData,
  ServerCredentials as Credentials,
  ServerDuplexStream,
  ServerUnaryCall,
} from '@grpc/grpc-js';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';

export interface Heard {
  readonly verifier: string;
  readonly report: Report;
}

/** A collector as far as an agent can tell: epochs, acks, settings; everything heard is kept. */
export class TestCollector {
  readonly reports: Heard[] = [];
  readonly goodbyes: string[] = [];
  readonly hellos: string[][] = [];
  readonly calls = { stream: 0, unary: 0 };
  settings: Settings;
  /** Streams answer UNIMPLEMENTED. */
  refusesStreams = false;
  refused = new Map<string, string>();
  port = 0;
  readonly #server = new Server();
  readonly #streams = new Set<ServerDuplexStream<SessionRequest, SessionResponse>>();
  readonly #epochs = new Map<string, { bootId: string; epoch: number; seq: number }>();

  constructor(settings: Partial<Settings> = {}) {
    this.settings = {
      reportIntervalMs: 60_000,
      leaseMs: 180_000,
      holdDownRemainingMs: 0,
      reconnectWindowMs: 100,
      watchedKeys: [],
      ...settings,
    };
    this.#server.addService(FleetServiceService, {
      session: (call: ServerDuplexStream<SessionRequest, SessionResponse>) => {
        this.#session(call);
      },
      report: (
        call: ServerUnaryCall<ReportRequest, ReportResponse>,
        callback: sendUnaryData<ReportResponse>,
      ) => {
        this.#report(call.request, callback);
      },
    });
  }

  async start(credentials: Credentials = ServerCredentials.createInsecure()): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#server.bindAsync(`127.0.0.1:${this.port}`, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
    this.port = await promise;
    return `127.0.0.1:${this.port}`;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  /** Breaks every stream, as a proxy would. */
  breakStreams(): void {
    for (const stream of this.#streams) {
      stream.emit('error', { code: status.UNAVAILABLE, details: 'broken' });
    }
  }

  push(settings: Partial<Settings>): void {
    this.settings = { ...this.settings, ...settings };
    for (const stream of this.#streams) {
      stream.write({ message: { $case: 'settings', value: settingsToWire(this.settings) } });
    }
  }

  latest(verifier: string): Report | undefined {
    return this.reports.findLast((heard) => heard.verifier === verifier)?.report;
  }

  async until(condition: () => boolean, withinMs = 8_000): Promise<void> {
    const signal = AbortSignal.timeout(withinMs);
    while (!condition()) {
      if (signal.aborted) throw new Error(`not within ${withinMs} ms: ${condition.toString()}`);
      await setTimeout(5);
    }
  }

  #session(stream: ServerDuplexStream<SessionRequest, SessionResponse>): void {
    this.calls.stream += 1;
    if (this.refusesStreams) {
      stream.emit('error', { code: status.UNIMPLEMENTED, details: 'no streams here' });
      return;
    }
    this.#streams.add(stream);
    const names = new Map<number, string>();
    stream.on('error', () => undefined);
    stream.on('close', () => this.#streams.delete(stream));
    stream.on('end', () => {
      stream.end();
    });
    stream.on('data', ({ message }: SessionRequest) => {
      if (message?.$case === 'hello') {
        const welcome = this.#welcome(message.value, names);
        stream.write({ message: { $case: 'welcome', value: welcome } });
      } else if (message?.$case === 'reports') {
        const acks = acksToWire(this.#take(message.value, names));
        stream.write({ message: { $case: 'acks', value: acks } });
      } else if (message?.$case === 'goodbye') this.#goodbye(message.value, names);
    });
  }

  #report(request: ReportRequest, callback: sendUnaryData<ReportResponse>): void {
    this.calls.unary += 1;
    const names = new Map<number, string>();
    const welcome = this.#welcome(request.hello, names);
    const acks =
      request.reports === undefined ? undefined : acksToWire(this.#take(request.reports, names));
    if (request.goodbye !== undefined) this.#goodbye(request.goodbye, names);
    callback(null, { welcome, acks });
  }

  #welcome(message: unknown, names: Map<number, string>) {
    const hello = helloFromWire(message);
    if (!hello.ok) throw new Error(`${hello.field}: ${hello.message}`);
    const { bootId, verifiers } = hello.value;
    this.hellos.push(verifiers.map(({ id }) => id.cache));
    const assignments = verifiers.map(({ handle, id }) => {
      names.set(handle, id.cache);
      const refused = this.refused.get(id.cache) ?? '';
      const known = this.#epochs.get(id.cache);
      const line =
        known?.bootId === bootId ? known : { bootId, epoch: (known?.epoch ?? 0) + 1, seq: 0 };
      this.#epochs.set(id.cache, line);
      return { handle, epoch: refused === '' ? line.epoch : 0, committedSeq: line.seq, refused };
    });
    return welcomeToWire({ assignments, settings: this.settings });
  }

  #take(message: unknown, names: ReadonlyMap<number, string>): readonly Ack[] {
    const reports = reportsFromWire(message);
    if (!reports.ok) throw new Error(`${reports.field}: ${reports.message}`);
    return reports.value.map(({ handle, epoch, seq, report }) => {
      if (!report.ok) {
        const reason = `${report.field}: ${report.message}`;
        return { handle, epoch, seq, result: 'rejected', reason };
      }
      const verifier = names.get(handle) ?? '?';
      const line = this.#epochs.get(verifier);
      const isNew = line !== undefined && line.epoch === epoch && seq > line.seq;
      if (isNew) {
        line.seq = seq;
        this.reports.push({ verifier, report: report.value });
      }
      return { handle, epoch, seq, result: isNew ? 'applied' : 'ignored', reason: '' };
    });
  }

  #goodbye(message: unknown, names: ReadonlyMap<number, string>): void {
    const goodbye = goodbyeFromWire(message);
    if (!goodbye.ok) throw new Error(`${goodbye.field}: ${goodbye.message}`);
    const { handles } = goodbye.value;
    for (const [handle, name] of names) {
      if (handles.length === 0 || handles.includes(handle)) this.goodbyes.push(name);
    }
  }
}

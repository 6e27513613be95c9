import { credentials, makeGenericClientConstructor, Metadata, status } from '@grpc/grpc-js';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { Ack, Welcome } from '@keyturn/shared/model/report.ts';
import { acksFromWire, welcomeFromWire } from '@keyturn/shared/wire/codec.ts';
import { FleetServiceService } from '@keyturn/shared/wire/services.ts';
import type { SessionResponse } from '@keyturn/shared/wire/services.ts';
import { eventually } from '../harness/eventually.ts';

// A peer that says whatever bytes it likes: messages are put together by hand, not by our own code.

/** One field of a protobuf message: a number as varint (negative: two's complement), else bytes. */
export function field(number: number, value: bigint | string | Buffer): Buffer {
  if (typeof value === 'bigint')
    return Buffer.concat([varint(BigInt(number) << 3n), varint(value)]);
  const bytes = Buffer.from(value);
  const tag = varint((BigInt(number) << 3n) | 2n);
  return Buffer.concat([tag, varint(BigInt(bytes.length)), bytes]);
}

export function message(...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Buffer.from(bytes);
}

/** SessionRequest.hello with one verifier under handle 1. */
export function helloBytes(hello: {
  readonly instance: string;
  readonly issuer: string;
  readonly bootId?: Buffer;
  readonly wallUnixMs?: number;
}): Buffer {
  const verifier = message(
    field(1, 1n),
    field(2, 'orders'),
    field(3, hello.instance),
    field(4, 'jwks'),
    field(5, 'npm-jose'),
    field(6, 1n),
    field(7, hello.issuer),
  );
  return field(
    1,
    message(
      field(1, hello.bootId ?? Buffer.alloc(16, hello.instance)),
      field(2, '0.0.0-raw'),
      field(3, verifier),
      field(4, BigInt(hello.wallUnixMs ?? Date.now())),
    ),
  );
}

/** SessionRequest.reports with one report for handle 1. */
export function reportBytes(epoch: number, seq: number, ...parts: readonly Buffer[]): Buffer {
  const stamp = [field(1, 1n), field(2, BigInt(epoch)), field(3, BigInt(seq))];
  return field(2, field(1, message(...stamp, ...parts)));
}

/** Report.key_sets */
export function keySetBytes(issuer: string, kids: readonly string[]): Buffer {
  const keys = kids.map((kid) =>
    field(2, message(field(1, kid), field(2, Buffer.alloc(32, 7)), field(3, 'ES256'))),
  );
  return field(5, message(field(1, issuer), ...keys, field(3, 0n), field(4, 0n)));
}

/** Report.counts: accepted tokens of one kid. */
export function acceptedBytes(
  issuer: string,
  kid: string,
  count: bigint,
  ...claims: readonly Buffer[]
): Buffer {
  const outcome = message(field(1, 1n), field(2, count));
  return field(6, message(field(1, issuer), field(2, kid), field(5, outcome), ...claims));
}

/** One Session stream that sends bytes and reads answers. */
export interface RawSession {
  send(bytes: Buffer): void;
  welcome(): Promise<Welcome>;
  /** Acks of the next answer. */
  acks(): Promise<readonly Ack[]>;
  /** Status the stream ended with: its name and details. */
  ended(): Promise<{ readonly code: string; readonly details: string }>;
  close(): void;
}

const { session } = FleetServiceService;
const RawClient = makeGenericClientConstructor(
  {
    session: {
      ...session,
      requestSerialize: (bytes: Buffer) => bytes,
      requestDeserialize: (bytes: Buffer) => bytes,
    },
  },
  'keyturn.v1.FleetService',
);

export function rawSession(
  address: string,
  headers: Readonly<Record<string, string>> = {},
): RawSession {
  const client = new RawClient(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  const open = client['session'] as (
    this: unknown,
    metadata: Metadata,
  ) => ClientDuplexStream<Buffer, SessionResponse>;
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const stream = open.call(client, metadata);
  const answers: SessionResponse[] = [];
  let end: { code: string; details: string } | undefined;
  stream.on('data', (answer: SessionResponse) => answers.push(answer));
  stream.on('error', (error: ServiceError) => {
    end = { code: status[error.code] ?? String(error.code), details: error.details };
  });
  stream.on('end', () => {
    end ??= { code: 'OK', details: '' };
  });
  const next = (kind: 'welcome' | 'acks') =>
    eventually(
      `${kind} of the collector`,
      () => {
        if (answers.length === 0 && end !== undefined) {
          return { $case: 'none', value: end } as const;
        }
        const answer = answers.shift()?.message;
        // Settings may come at any time.
        return answer?.$case === 'settings' ? undefined : answer;
      },
      5_000,
      10,
    );
  return {
    send: (bytes) => {
      stream.write(bytes);
    },
    async welcome() {
      const answer = await next('welcome');
      if (answer.$case !== 'welcome') throw new Error(`expected welcome, got ${answer.$case}`);
      const read = welcomeFromWire(answer.value);
      if (!read.ok) throw new Error(read.message);
      return read.value;
    },
    async acks() {
      const answer = await next('acks');
      if (answer.$case !== 'acks') throw new Error(`expected acks, got ${JSON.stringify(answer)}`);
      const read = acksFromWire(answer.value);
      if (!read.ok) throw new Error(read.message);
      return read.value;
    },
    ended: () => eventually('the end of the stream', () => end, 5_000, 10),
    close() {
      stream.cancel();
      client.close();
    },
  };
}

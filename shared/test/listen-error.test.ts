import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import t from 'tap';
import { listenError } from '../src/listen-error.ts';

async function failureOf(server: Server, host: string, port: number): Promise<unknown> {
  server.listen({ host, port });
  return once(server, 'listening').catch((error: unknown) => error);
}

t.test('what cannot be listened on, and what to do', async (t) => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  t.teardown(() => squatter.close());
  const bound = squatter.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const taken = { host: '127.0.0.1', port };

  const sentence = `port ${port} is taken: another program listens on 127.0.0.1:${port}; stop it or set listen.http to a free port`;
  const overHttp = await failureOf(createServer(), taken.host, port);
  t.match(listenError(taken, 'listen.http', overHttp), {
    code: 'LISTEN_FAILED',
    message: sentence,
    cause: overHttp,
  });
  const overGrpc = await new Promise((resolve) => {
    const server = new GrpcServer();
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), resolve);
  });
  t.equal(listenError(taken, 'listen.http', overGrpc).message, sentence, 'over gRPC as well');

  const elsewhere = { host: '192.0.2.1', port: 1 };
  const notHere = await failureOf(createServer(), elsewhere.host, 0);
  t.equal(
    listenError(elsewhere, 'push.listen', notHere).message,
    '192.0.2.1 is no address of this machine; set push.listen to one that is',
  );
});

t.test('by what the system said', async (t) => {
  const at = { host: '::1', port: 80 };
  const said = (code: string, message: string) => {
    const cause = Object.assign(new Error(message), code === '' ? {} : { code });
    return listenError(at, 'listen.http', cause).message;
  };
  t.match(
    said('EACCES', 'x'),
    /^port 80 needs more rights .* set listen\.http to a port from 1024/,
  );
  t.match(said('ENOTFOUND', 'x'), /^::1 is no address of this machine/);
  t.equal(said('', 'odd'), 'cannot listen on [::1]:80 (odd); set listen.http');
  t.equal(said('EMFILE', 'too many'), 'cannot listen on [::1]:80 (too many); set listen.http');
  t.equal(
    listenError(at, 'listen.http', 'odd').message,
    'cannot listen on [::1]:80 (odd); set listen.http',
  );
});

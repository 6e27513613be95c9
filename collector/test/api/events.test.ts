import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { id, NEW_KEY, OLD_KEY, startRig } from './rig.ts';

interface Stream {
  text(): string;
  events(): { gate: string; status: string }[];
  socket: Socket;
}

function open(port: number): Stream {
  let text = '';
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.on('data', (part: string) => {
    text += part;
  });
  socket.write(`GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  return {
    socket,
    text: () => text,
    events: () =>
      [...text.matchAll(/^event: verdict\nid: .*\ndata: (\{.*\})$/gm)].map(
        (match) => JSON.parse(match[1] ?? '') as { gate: string; status: string },
      ),
  };
}

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !what(); tries += 1) await pause(10);
}

t.test('the present verdicts first, then one event per change', async (t) => {
  const rig = await startRig({ api: { streamsMax: 2 } });
  t.teardown(() => rig.close());
  rig.settleIn();
  await rig.sight(OLD_KEY);
  const rotation = await rig.start();
  await rig.sight(OLD_KEY, NEW_KEY);
  const stream = open(rig.port);
  t.teardown(() => stream.socket.destroy());
  await until(() => stream.events().length >= 5);
  t.match(stream.text(), /content-type: text\/event-stream/i);
  t.match(stream.text(), /^retry: 2000$/m);
  t.match(stream.text(), /^: still here$/m);
  t.same(
    stream.events().map((event) => event.gate),
    ['publish', 'activate', 'retire', 'purge', 'rollback'],
  );
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  const opened = () =>
    stream.events().some((event) => event.gate === 'activate' && event.status === 'open');
  await until(opened);
  t.ok(opened());
  const before = stream.events().length;
  await rig.report(id('orders'), [OLD_KEY, NEW_KEY]);
  await pause(200);
  t.equal(stream.events().length, before, 'a report that changes nothing tells nothing');

  const second = open(rig.port);
  await until(() => second.events().length >= 5);
  t.equal((await rig.call('GET', '/v1/events')).status, 503, 'bounded');
  second.socket.destroy();
  await pause(50);
  const third = open(rig.port);
  await until(() => third.events().length >= 5);
  t.equal(third.events().length, 5, 'a reader who left made room');
  third.socket.destroy();

  await rig.call('POST', `/v1/rotations/${rotation}/steps`, {
    body: { step: 'abort', by: 'alice' },
  });
  const aborted = () => stream.events().filter((event) => event.status === 'aborted').length;
  await until(() => aborted() === 5);
  t.equal(aborted(), 5);
});

t.test('closing ends event streams', async (t) => {
  const rig = await startRig();
  const stream = open(rig.port);
  await until(() => stream.text().includes('still here'));
  const startedAt = performance.now();
  const ended = new Promise((resolve) => stream.socket.once('close', resolve));
  await rig.close();
  await ended;
  t.ok(performance.now() - startedAt < 2_000);
});

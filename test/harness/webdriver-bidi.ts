const CALL_MS = 30_000;

type Fields = Readonly<Record<string, unknown>>;

/** A WebDriver BiDi connection: calls with their answers, and events. */
export interface Bidi {
  /** @throws Error with the browser's words when it refuses or does not answer. */
  call(method: string, params: Fields): Promise<Fields>;
  on(event: string, listener: (params: Fields) => void): void;
}

/** Speaks to a browser that listens at a `ws:` address. */
export async function bidiOver(address: string): Promise<Bidi> {
  const socket = new WebSocket(address);
  const waiting = new Map<number, PromiseWithResolvers<Fields>>();
  const listeners = new Map<string, (params: Fields) => void>();
  let calls = 0;
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Fields;
    const answer = waiting.get(Number(message['id']));
    waiting.delete(Number(message['id']));
    if (message['type'] === 'success') answer?.resolve(message['result'] as Fields);
    else if (message['type'] === 'error') answer?.reject(new Error(String(message['message'])));
    else listeners.get(String(message['method']))?.(message['params'] as Fields);
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`no browser listens at ${address}`)));
  });
  return {
    async call(method, params) {
      calls += 1;
      const answer = Promise.withResolvers<Fields>();
      waiting.set(calls, answer);
      const late = setTimeout(
        () => answer.reject(new Error(`${method}: no answer within ${CALL_MS} ms`)),
        CALL_MS,
      );
      socket.send(JSON.stringify({ id: calls, method, params }));
      try {
        return await answer.promise;
      } finally {
        clearTimeout(late);
      }
    },
    on(event, listener) {
      listeners.set(event, listener);
    },
  };
}

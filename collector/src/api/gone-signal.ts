import type { ServerResponse } from 'node:http';

/** Aborts when the answer can no longer be delivered: the client went away, or it was answered. */
export function goneSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    controller.abort();
  });
  return controller.signal;
}

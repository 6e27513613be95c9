/** Browsers allow six connections to a host over HTTP/1.1; some have to be left for everything else. */
const STREAMS_MAX = 4;

/**
 * Takes one of the streams that this browser's pages may hold together; null when they hold them all.
 * What it gives lets go of it again, as does the end of the page.
 */
export async function takeStreamSlot(): Promise<(() => void) | null> {
  // Only on secure origins; elsewhere pages do not know of each other.
  if (!('locks' in navigator)) return () => undefined;
  for (let slot = 0; slot < STREAMS_MAX; slot += 1) {
    const release = await tryLock(`keyturn-stream-${slot}`);
    if (release !== null) return release;
  }
  return null;
}

function tryLock(name: string): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(null);
      return new Promise<void>((release) => resolve(release));
    });
  });
}

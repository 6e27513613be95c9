/**
 * The media type of `offered` that an Accept header wants most; undefined when it names none of them.
 * A wildcard takes the first one. Parameters other than `q` say nothing.
 */
export function preferred(
  header: string | undefined,
  offered: readonly string[],
): string | undefined {
  let best: { readonly media: string; readonly weight: number } | undefined;
  for (const range of (header ?? '*/*').split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    const media = offered.find((one) => covers(name, one));
    if (media === undefined || !(weight > 0)) continue;
    if (best === undefined || weight > best.weight) best = { media, weight };
  }
  return best?.media;
}

function covers(range: string, media: string): boolean {
  if (range === '*/*' || range === media) return true;
  return range.endsWith('/*') && media.startsWith(range.slice(0, -1));
}

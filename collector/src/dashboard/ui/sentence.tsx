import { Name } from './name.tsx';

const CHARS_MAX = 600;

/** A sentence of the collector, which may hold names from outside. */
export function Sentence({ text }: { readonly text: string }) {
  return <Name text={text} charsMax={CHARS_MAX} />;
}

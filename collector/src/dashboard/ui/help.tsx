import { Command } from './command.tsx';
import { Sentence } from './sentence.tsx';

/** What would help, as the collector says it: a command can be copied, a sentence is none. */
export function Help({ text }: { readonly text: string }) {
  if (text === '') return null;
  return /^(keyturn|curl) /.test(text) ? <Command text={text} /> : <Sentence text={text} />;
}

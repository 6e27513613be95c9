import { shortText, visibleText } from './visible-text.ts';

/**
 * A name or sentence that came from outside, apart from the direction of the text around it. The one
 * way such text gets into the page. Cut when long, with the whole of it as its title.
 */
export function Name({ text, charsMax }: { readonly text: string; readonly charsMax?: number }) {
  const short = shortText(text, charsMax);
  const whole = visibleText(text);
  return <bdi title={short === whole ? undefined : whole}>{short === '' ? '(empty)' : short}</bdi>;
}

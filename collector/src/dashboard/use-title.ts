import { useEffect } from 'preact/hooks';
import { visibleText } from './ui/visible-text.ts';

/** Names the page in its tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${visibleText(title)} · Keyturn`;
  }, [title]);
}

import { useEffect } from 'preact/hooks';
import { namePage } from './tab/tab.ts';
import { visibleText } from './ui/visible-text.ts';

/** Says what the page is about; its tab shows that after the state. */
export function useTitle(title: string): void {
  useEffect(() => namePage(visibleText(title)), [title]);
}

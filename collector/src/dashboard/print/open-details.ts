/**
 * On paper nothing can be opened: what is folded is shown whole, and folded again afterwards. Pages of
 * facts for machines (class `raw`) stay as the reader has them.
 */
export function startPrinting(): void {
  let opened: readonly HTMLDetailsElement[] = [];
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open], .raw)')];
    for (const details of opened) details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
    opened = [];
  });
}

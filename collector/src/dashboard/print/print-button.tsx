/** Prints the page as a report; the browser can save it as a file instead. */
export function PrintButton() {
  return (
    <button type="button" class="print" onClick={() => print()}>
      Print / save as PDF
    </button>
  );
}

/** The address of a picture among the collector's own files. */
declare module '*.svg' {
  const address: string;
  export default address;
}

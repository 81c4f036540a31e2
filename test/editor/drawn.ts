/** As much of the DOM as functions that run in a page use here; tests are not compiled against a browser's library. */
export interface Drawn {
  readonly textContent: string;
  getAttribute(name: string): string | null;
  getBoundingClientRect(): { readonly top: number };
  querySelector(selector: string): Drawn | null;
  querySelectorAll(selector: string): Iterable<Drawn>;
}

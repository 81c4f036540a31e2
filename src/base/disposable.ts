/** Something that is let go of once. `dispose` may be called again and does nothing then. */
export interface Disposable {
  dispose(): void;
}

export function disposable(release: () => void): Disposable {
  let held = true;
  return {
    dispose() {
      if (!held) return;
      held = false;
      release();
    },
  };
}

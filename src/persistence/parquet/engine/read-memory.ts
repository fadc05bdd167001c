/** Shared memory for what is read of row groups, used again: the collector does not see how much of it there is. */
export class ReadMemory {
  readonly #make: (byteLength: number) => Uint8Array | null;
  #free: Uint8Array[] = [];

  /** @param make new memory, or null where there is none */
  constructor(make: (byteLength: number) => Uint8Array | null) {
    this.#make = make;
  }

  /** For one row group. What is not given back, as after a failure, nobody else gets. */
  lend(): { readonly of: (byteLength: number) => Uint8Array | null; readonly giveBack: () => void } {
    let taken: Uint8Array | null = null;
    return {
      of: (byteLength) => {
        const known = this.#free.pop();
        taken = known !== undefined && known.length >= byteLength ? known : this.#make(byteLength);
        return taken;
      },
      giveBack: () => {
        if (taken !== null) this.#free.push(taken);
        taken = null;
      },
    };
  }
}

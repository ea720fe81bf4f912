/** How many bytes are drawn at once: one call for 16 seeds costs little more than one for each. */
const supplySize = 512;
/** How long they may lie, in milliseconds: a machine that is copied or woken from a snapshot must not use what its twin has. */
const fresh = 1000;

/** Unpredictable bytes, none of them ever given twice. */
export class Random {
  readonly #draw: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  readonly #clock: () => number;
  readonly #supply = new Uint8Array(supplySize);
  #used = supplySize;
  #drawnAt = 0;

  constructor(
    draw: (bytes: Uint8Array<ArrayBuffer>) => unknown = (bytes) => crypto.getRandomValues(bytes),
    clock: () => number = Date.now,
  ) {
    this.#draw = draw;
    this.#clock = clock;
  }

  /** That many, at most 512. */
  readonly bytes = (length: number): Uint8Array => {
    const age = this.#clock() - this.#drawnAt;
    if (this.#used + length > supplySize || age < 0 || age >= fresh) this.#refill();
    const bytes = this.#supply.slice(this.#used, this.#used + length);
    this.#supply.fill(0, this.#used, this.#used + length);
    this.#used += length;
    return bytes;
  };

  #refill(): void {
    this.#draw(this.#supply);
    this.#drawnAt = this.#clock();
    this.#used = 0;
  }
}

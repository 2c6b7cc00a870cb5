/** Sleeping until something has happened, or until it is time to look anyway. */

export class Bell {
  #wake: () => void = () => {}

  ring(): void {
    this.#wake()
  }

  /** Resolves at the next ring, at the latest after `atMostMs`. */
  wait(atMostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, atMostMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

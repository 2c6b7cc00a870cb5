/** Clears up also when a person or a system ends the bench: Ctrl-C, TERM, a closed terminal. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

export interface Stopping {
  /** To be awaited at the end, however it came: goes no further when a signal is clearing up, whose exit code counts. */
  end(): Promise<void>
}

export function whenStopped(close: () => Promise<void>): Stopping {
  let hasBegun = false
  const entries = Object.entries(SIGNALS) as [NodeJS.Signals, number][]
  const listeners = entries.map(([name, code]) => {
    const listener = () => {
      hasBegun = true
      close().finally(() => process.exit(code))
    }
    process.once(name, listener)
    return () => process.off(name, listener)
  })
  return {
    async end() {
      if (hasBegun) await new Promise(() => {})
      for (const off of listeners) off()
    },
  }
}

/** The end of a run in words. */

export interface Exit {
  readonly exitCode: number | null
  readonly exitSignal: string | null
}

/** To follow its outcome: ` by SIGKILL`, ` with exit code 3`; nothing where neither is known. */
export function exitWords({ exitCode, exitSignal }: Exit): string {
  if (exitSignal !== null) return ` by ${exitSignal}`
  return exitCode === null ? '' : ` with exit code ${exitCode}`
}

/** What a doctor found: something that is wrong, or something that a person should know. */
export interface Finding {
  /** What was looked at. */
  readonly check: string
  /** A problem makes the command fail; a note does not. */
  readonly level: 'problem' | 'note'
  /** What is so, and what to do about it. */
  readonly sentence: string
  /** The one statement or command that mends it, where there is one. */
  readonly fix?: string
}

export function problem(check: string, sentence: string, fix?: string): Finding {
  return { check, level: 'problem', sentence, ...(fix === undefined ? {} : { fix }) }
}

export function note(check: string, sentence: string, fix?: string): Finding {
  return { check, level: 'note', sentence, ...(fix === undefined ? {} : { fix }) }
}

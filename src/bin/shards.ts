/** `--shard`: one, a range, a list, or `all` of a total. */
import { Complaint, EXIT } from '../exit.ts'
import { shardRanges } from '../queue/bucket.ts'

/**
 * @param text   `3`, `0-3`, `0,2,4-6` or `all`
 * @returns the shards, ascending, each once
 * @throws Complaint (usage)
 */
export function parseShards(text: string, total: number): number[] {
  if (text === 'all') return Array.from({ length: total }, (_, shard) => shard)
  const shards = text.split(',').flatMap((part) => {
    const range = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part.trim())
    const from = Number(range?.[1])
    const to = Number(range?.[2] ?? range?.[1])
    if (range === null || from > to || to >= total) throw refused(text, total)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  })
  return [...new Set(shards)].toSorted((a, b) => a - b)
}

function refused(text: string, total: number): Complaint {
  const given = text === '' ? 'empty' : text
  if (total === 1) return new Complaint(EXIT.usage, `--shard is ${given}, and --total is 1: the only shard is 0.`)
  return new Complaint(
    EXIT.usage,
    `--shard is ${given}. Use a whole number from 0 to ${total - 1}, a range such as 0-${total - 1}, or all.`,
  )
}

/** `2/10`, `0-3/10`, `all/4`: how logs and `ps` name what a worker holds. */
export function describeShards(shards: readonly number[], total: number): string {
  if (shards.length === total && total > 1) return `all/${total}`
  return `${shardRanges(shards)}/${total}`
}

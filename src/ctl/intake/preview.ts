/**
 * What the first items of a list would become. None of them is taken, and no database is asked.
 */
import { amount, grouped } from '../../amount.ts'
import { readableLine } from '../readable.ts'
import { away } from './intake.ts'
import { type ReadItem, readItem } from './item.ts'
import type { Mapping } from './mapping.ts'
import { RedisList, RedisLost, type Side } from './redis-list.ts'
import type { RedisPlace } from './redis-place.ts'

export interface ItemPreview {
  readonly items: readonly ReadItem[]
  /** How many there are in all. */
  readonly length: number
}

const LONGEST_PARAM = 60

/** @throws Complaint where Redis does not answer, or refuses */
export async function previewItems(
  place: RedisPlace,
  name: string,
  from: Side,
  mapping: Mapping,
  most: number,
): Promise<ItemPreview> {
  let list: RedisList | undefined
  try {
    list = await RedisList.connect(place, name)
    const { items, length } = await list.look(from, most)
    return { items: items.map((item) => readItem(item, mapping, Date.now(), Number.MAX_SAFE_INTEGER)), length }
  } catch (error) {
    throw error instanceof RedisLost ? away(place, error.message) : error
  } finally {
    list?.close()
  }
}

/** As JSON, an object for each item. */
export function previewFacts({ items }: ItemPreview): object[] {
  return items.map((item) => {
    if (item.kind === 'rejected') return { rejected: item.reason }
    const { queue, task, param, shardKey, uniqueKey } = item.row
    return { queue, task, param, key: shardKey, unique: uniqueKey, class: item.className ?? null }
  })
}

export function previewLines({ items, length }: ItemPreview, { hands }: Mapping, list: string): string[] {
  const lines = items.map((item) => {
    if (item.kind === 'rejected') return `rejected  ${item.reason}`
    const { task, param, shardKey, uniqueKey } = item.row
    const keys = [shardKey === null ? [] : `key ${shardKey}`, uniqueKey === null ? [] : `unique ${uniqueKey}`].flat()
    return [task, readableLine(param, LONGEST_PARAM), ...keys.map((key) => readableLine(key, LONGEST_PARAM))].join('  ')
  })
  const classes = items.filter((item) => item.kind === 'task' && item.className !== undefined).length
  if (classes > 0 && hands === 'params') {
    lines.push(
      `${amount(classes, 'item has', 'items have')} a class, which the program is not given: --param item hands over all of it.`,
    )
  }
  lines.push(
    length === 0 ? `The list ${list} is empty.` : `Nothing was taken. The list ${list} has ${grouped(length)} in all.`,
  )
  return lines
}

/** How much there is, in words: `12,345`, `1 task`, `1.2 GiB`. */

/** `12,345`; without `Intl`, whose tables take longer to load than a short run takes. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 task`, `12,345 tasks` */
export function amount(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`
}

/** In a list, which is empty for 0: to be told of with others. */
export function ifAny(number: number, one: string, many?: string): string[] {
  return number === 0 ? [] : [amount(number, one, many)]
}

/** `12 tasks`; of what was not counted to its end, `at least 50,000 tasks` */
export function counted({ count, isExact }: Counted, one: string, many?: string): string {
  return `${isExact ? '' : 'at least '}${amount(count, one, many)}`
}

/** How many there are; `isExact` is false when it was not counted to the end, and there are at least so many. */
export interface Counted {
  readonly count: number
  readonly isExact: boolean
}

const SIZE = /^(\d{1,9})\s?(K|M|G|T)(?:iB|B)?$/i

/** @returns bytes of `256M`, `512 MiB`, `2G`, counted by 1024; undefined when it is no size */
export function parseSize(text: string): number | undefined {
  const [, count, unit = ''] = SIZE.exec(text.trim()) ?? []
  return count === undefined ? undefined : Number(count) * 1_024 ** ('KMGT'.indexOf(unit.toUpperCase()) + 1)
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** `512 bytes`, `1.2 GiB` */
export function bytesText(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 1_024 && unit < UNITS.length - 1) {
    value /= 1_024
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}

/**
 * QUEUE_URL: where the queue lives.
 *
 *     sqlite:queue.db                       a file, relative to the project directory
 *     sqlite:/srv/shop/queue.db?synchronous=normal
 *     mysql://user:password@host:3306/shop  also mariadb://; `?socket=/run/mysqld/mysqld.sock` for a Unix socket,
 *                                           `?timeout=30s` for a server that may take longer than 10 s to answer
 */
import { relative, resolve } from 'node:path'
import { Complaint, EXIT } from '../exit.ts'
import { parseDuration } from '../time/duration.ts'
import type { AgainOptions } from './again.ts'
import type { Driver } from './driver.ts'

export const DEFAULT_QUEUE_URL = 'sqlite:queue.db'

/** Far below the lease of a worker, which is not renewed meanwhile. */
const ANSWER_MS = 10_000
const SHORTEST_ANSWER_MS = 1_000
const LONGEST_ANSWER_MS = 3_600_000

/**
 * @param directory  what a relative SQLite file is relative to
 * @param waiting  how long to wait for a database that cannot be reached now
 * @param asks  whether a server is asked if it is there; whoever has a question of his own hears it by that
 * @throws Complaint when the text is no queue URL, or the database cannot be opened
 */
export async function openDriver(
  text: string,
  directory: string,
  waiting: AgainOptions = { forMs: 0 },
  asks = true,
): Promise<Driver> {
  const place = parseQueueUrl(text, directory)
  if (place.kind === 'sqlite') {
    const { openSqlite } = await import('./sqlite.ts')
    return openSqlite(place.file, { synchronous: place.synchronous }, waiting)
  }
  const { openMysql } = await import('./mysql.ts')
  return openMysql(place.url, place.answerMs, asks ? waiting : undefined)
}

export type QueuePlace =
  | { readonly kind: 'sqlite'; readonly file: string; readonly synchronous: 'full' | 'normal' }
  | { readonly kind: 'mysql'; readonly url: URL; readonly answerMs: number }

export function parseQueueUrl(text: string, directory: string): QueuePlace {
  refuseBadEscapes(text)
  if (text.startsWith('sqlite:')) return sqlitePlace(text, directory)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['mysql:', 'mariadb:'].includes(url.protocol)) {
    throw new Complaint(
      EXIT.badConfig,
      `QUEUE_URL ${quoted(text)} is not understood. Write sqlite:queue.db or mysql://user:password@host:3306/database.`,
    )
  }
  if (url.hostname === '' && !url.searchParams.get('socket')) {
    throw new Complaint(
      EXIT.badConfig,
      `QUEUE_URL ${quoted(text)} names no host. Write mysql://user:password@host:3306/database.`,
    )
  }
  if (url.pathname.length < 2) {
    throw new Complaint(
      EXIT.badConfig,
      `QUEUE_URL for ${url.hostname} names no database. Write mysql://user:password@host:3306/database.`,
    )
  }
  return { kind: 'mysql', url, answerMs: answerMs(url.searchParams.get('timeout')) }
}

/** A password with a percent sign of its own is the usual one. */
function refuseBadEscapes(text: string): void {
  try {
    decodeURIComponent(text)
  } catch {
    throw new Complaint(
      EXIT.badConfig,
      `QUEUE_URL ${quoted(text)} has a % that begins no character's code. Write %25 for a percent sign.`,
    )
  }
}

function answerMs(text: string | null): number {
  const ms = text === null ? ANSWER_MS : parseDuration(text)
  if (ms !== undefined && ms >= SHORTEST_ANSWER_MS && ms <= LONGEST_ANSWER_MS) return ms
  throw new Complaint(
    EXIT.badConfig,
    `QUEUE_URL has timeout=${text}, the longest that the database may take to answer. Use 1s to 1h.`,
  )
}

function sqlitePlace(text: string, directory: string): QueuePlace {
  const [path = '', query = ''] = text
    .slice('sqlite:'.length)
    .replace(/^\/\/(?=\/)/, '')
    .split('?', 2)
  const synchronous = new URLSearchParams(query).get('synchronous') ?? 'full'
  const file = decodeURIComponent(path)
  if (file === '' || file.includes('\0'))
    throw new Complaint(EXIT.badConfig, `QUEUE_URL "${text}" names no file. Write sqlite:queue.db.`)
  if (synchronous !== 'full' && synchronous !== 'normal') {
    throw new Complaint(
      EXIT.badConfig,
      `QUEUE_URL has synchronous=${synchronous}. Use full (survives a power cut) or normal.`,
    )
  }
  return { kind: 'sqlite', file: resolve(directory, file), synchronous }
}

/** A mistyped URL may still hold a password, and that a sign which belongs elsewhere in a URL. */
function quoted(text: string): string {
  return JSON.stringify(text.replace(/^([^:]*:\/*[^:]*:).*@/s, '$1***@'))
}

/**
 * The database as a person knows it, without user and password: its file, or `shop on db-1:3306`.
 *
 * @param directory  a file in it is named as seen from there
 */
export function databaseText(place: QueuePlace, directory?: string): string {
  if (place.kind === 'sqlite') {
    const inside = directory === undefined ? undefined : relative(directory, place.file)
    return inside === undefined || inside.startsWith('..') ? place.file : inside
  }
  const { host, pathname, searchParams } = place.url
  return `${decodeURIComponent(pathname.slice(1))} on ${searchParams.get('socket') ?? host}`
}

/** Whether it is a file, which no other host uses. */
export function isEmbedded(url: string): boolean {
  return url.startsWith('sqlite:')
}

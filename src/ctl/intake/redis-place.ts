/**
 * Where a Redis is: its URL, and how a person is told of it, which never shows the password.
 *
 *     redis://[user[:password]@]host[:6379][/db]      rediss://… with TLS
 *     unix://[user[:password]@]/path/to/socket[?db=n]
 */
import { Complaint, EXIT } from '../../exit.ts'

export interface RedisPlace {
  readonly url: string
  /** `127.0.0.1:6379/0`, or the path of a socket. */
  readonly text: string
}

const DEFAULT_PORT = '6379'

/** @throws Complaint (configuration) */
export function parseRedisUrl(given: string): RedisPlace {
  const url = given.trim()
  const place = url.startsWith('unix:') ? socketText(url) : serverText(url)
  if (place !== undefined) return { url, text: place }
  throw new Complaint(
    EXIT.badConfig,
    `The Redis URL ${JSON.stringify(withoutPassword(given))} is not understood. Write redis://[user:password@]host:port/db, rediss:// for TLS, or unix:///path/to/socket.`,
  )
}

function serverText(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port, pathname } = new URL(text)
  const database = pathname.replace(/^\//, '') || '0'
  const isRight = /^rediss?:$/.test(protocol) && hostname !== '' && /^\d{1,9}$/.test(database) && hasGoodEscapes(text)
  return isRight ? `${hostname}:${port || DEFAULT_PORT}/${database}` : undefined
}

function socketText(text: string): string | undefined {
  const [, path = '', database = '0'] = /^unix:\/\/(?:[^@/]*@)?(\/[^?#]+)(?:\?db=(\d{1,9}))?$/.exec(text) ?? []
  if (path === '' || !hasGoodEscapes(text)) return undefined
  return `${decodeURIComponent(path)}${database === '0' ? '' : ` db ${database}`}`
}

function hasGoodEscapes(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function withoutPassword(text: string): string {
  return text.replace(/^([^:]*:\/*[^:]*:).*@/s, '$1***@')
}

/** What is refused in a project of one setting, or of one file. */
import type { Refused } from './refused.ts'

export interface RefusedSetting extends Omit<Refused, 'run'> {
  /** Of `.env`. */
  readonly set?: Readonly<Record<string, string>>
  /** Files of the project; a name that ends in `/` is a directory. */
  readonly files?: Readonly<Record<string, string>>
  readonly run?: string
}

const url = (QUEUE_URL: string, exit: number, says: string): RefusedSetting => ({ set: { QUEUE_URL }, exit, says })

export const SETTINGS: readonly RefusedSetting[] = [
  url('postgres://shop:secret@db/shop', 78, 'QUEUE_URL … is not understood.'),
  url('mysql://shop:s3c/r:et@db/shop', 78, 'QUEUE_URL … is not understood.'),
  url('mysql:///shop?socket=', 78, 'QUEUE_URL … names no host.'),
  url('mysql://shop:secret@db', 78, 'QUEUE_URL for … names no database.'),
  url('mysql://shop:50%off@db/shop', 78, 'QUEUE_URL … has a % that'),
  url('sqlite:50%.db', 78, 'QUEUE_URL … has a % that'),
  url('sqlite:', 78, 'QUEUE_URL "…" names no file.'),
  url('sqlite:a%00b', 78, 'QUEUE_URL "…" names no file.'),
  url('sqlite:queue.db?synchronous=off', 78, 'QUEUE_URL has synchronous=…'),
  url('mysql://db/shop?timeout=2h', 78, 'QUEUE_URL has timeout=…'),
  url('sqlite:/dev/full', 69, 'The disk that holds … is full.'),
  url('sqlite:/dev/null', 69, 'The disk that holds … does not do its work'),
  url('sqlite:not/there/queue.db', 69, 'The SQLite file … cannot be opened.'),
  url('sqlite:.', 69, 'The SQLite file … cannot be opened.'),
  { ...url('sqlite:notes.txt', 78, '… is not a SQLite database.'), files: { 'notes.txt': 'No database. '.repeat(50) } },
  { ...url('mysql://shop:secret@127.0.0.1:1/shop', 69, 'The database at … cannot be reached'), run: 'add-task a' },
  { run: 'queuectl list', exit: 69, says: 'There is no database … yet.' },
  { set: { QUEUE_TIMEZONE: 'Mars' }, exit: 78, says: 'QUEUE_TIMEZONE is "…".' },
  { set: { QUEUE_LOG_FORMAT: 'xml' }, exit: 78, says: '… is "…". Use text or json.' },
  { set: { QUEUE_CRASH: 'no' }, exit: 78, says: '… is "…". Use retry, hold or fail.' },
  { set: { QUEUE_WARM_TASKS: 'many' }, exit: 78, says: '… is "…". Use a whole number from 1.' },
  { set: { QUEUE_WARM_MEMORY: 'much' }, exit: 78, says: '… is "…". Use a size' },
  { set: { QUEUE_GRACE: 'soon' }, exit: 78, says: 'QUEUE_… is "…". Use a duration' },
  { set: { QUEUE_RETRY: '1m;2m' }, exit: 78, says: 'The retry list "…" has the entry' },
  { files: { '.env/': '' }, exit: 78, says: 'The file … cannot be read (…). Make' },
  { files: { logs: '' }, exit: 78, says: 'The log directory … cannot be written' },
  { files: { '.queue': '' }, exit: 78, says: 'The state directory … cannot be written' },
  {
    files: { '.queue': '', 'schedule.ts': 'export default {}' },
    run: 'cron-mission daemon',
    exit: 78,
    says: 'The state directory …',
  },
  {
    files: { logs: '', 'queue.db': '' },
    run: 'queuectl purge --older-than 30d --logs --yes',
    exit: 78,
    prints: true,
    says: 'The log directory … cannot be read',
  },
  { run: 'cron-mission list', exit: 78, says: 'There is no schedule.ts in …' },
  {
    run: 'cron-mission check',
    files: { 'schedule.ts': 'export default {' },
    exit: 78,
    says: 'The schedule does not load',
  },
  {
    run: 'cron-mission list',
    files: { 'schedule.ts': 'export const jobs = {}' },
    exit: 78,
    says: 'The schedule … has no default export.',
  },
]

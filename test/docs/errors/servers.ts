/** What a database server refuses, each in a database and with a user of its own. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { SCHEMA_VERSION } from '../../../src/queue/schema-version.ts'
import { ADOPTING } from './adopting.ts'
import type { Refused } from './refused.ts'

export interface Served {
  /** The administrator's. */
  readonly root: Connection
  /** As SQL names it: somebody who may do everything in this database. */
  readonly user: string
  readonly database: string
  /** Of that user. */
  readonly url: URL
  /** Ended with the test. */
  readonly connect: (url: URL) => Promise<Connection>
}

export interface RefusedByServer extends Omit<Refused, 'run'> {
  readonly run?: string
  /** MySQL has other words for it, or does it otherwise. */
  readonly ofMariadb?: true
  /** A database of its own, which is empty. */
  readonly empty?: true
  readonly stage?: (served: Served) => Promise<unknown>
}

export const SERVERS: readonly RefusedByServer[] = [
  {
    exit: 78,
    says: 'The database at … refused the user "…"',
    stage: async ({ url }) => {
      url.password = 'wrong'
    },
  },
  {
    exit: 78,
    says: 'The database at … does not let the user "…" in',
    stage: ({ root, user }) => root.query(`ALTER USER ${user} ACCOUNT LOCK`),
  },
  {
    exit: 78,
    says: 'The user "…" may not use the database "…"',
    stage: ({ root, user, database }) => root.query(`REVOKE ALL ON ${database}.* FROM ${user}`),
  },
  {
    exit: 78,
    says: 'The user "…" at … lacks a privilege',
    stage: ({ root, user, database }) => root.query(`REVOKE INSERT ON ${database}.* FROM ${user}`),
  },
  {
    exit: 78,
    ofMariadb: true,
    says: 'Logging in to the database at … is not possible',
    stage: ({ root, user }) =>
      root.query(`ALTER USER ${user} IDENTIFIED VIA mysql_old_password USING '${'0'.repeat(16)}'`),
  },
  {
    exit: 69,
    says: 'The database at … has no connection left',
    stage: async ({ root, user, url, connect }) => {
      await root.query(`ALTER USER ${user} WITH MAX_USER_CONNECTIONS 1`)
      await connect(url)
    },
  },
  { exit: 65, says: 'The time "…" is …. This database holds', run: 'add-task a --at 2100-01-01' },
  {
    exit: 78,
    says: 'There is no database "…" at ….',
    empty: true,
    stage: ({ root, database }) => root.query(`DROP DATABASE ${database}`),
  },
  { exit: 78, says: 'The database has no queue tables yet.', empty: true },
  {
    exit: 78,
    says: 'The queue tables are at version …, this program needs …',
    empty: true,
    stage: (it) => setVersion(it, 1),
  },
  { exit: 78, says: 'The queue tables are at version …, newer', empty: true, stage: (it) => setVersion(it, 99) },
  {
    exit: 78,
    says: 'The queue tables of the database "…" at … are not what they were',
    empty: true,
    stage: (it) => setVersion(it, SCHEMA_VERSION),
  },
  {
    exit: 69,
    ofMariadb: true,
    says: 'The database at … does nothing for now',
    empty: true,
    stage: async (it) => {
      await setVersion(it, SCHEMA_VERSION)
      await it.root.query(`ALTER USER ${it.user} WITH MAX_STATEMENT_TIME 0.1`)
      await it.root.query(`LOCK TABLES ${it.database}.setting WRITE`)
    },
  },
  {
    exit: 69,
    says: 'The queue tables of the database "…" at … are locked',
    empty: true,
    stage: async (it) => {
      await setVersion(it, SCHEMA_VERSION)
      await it.root.query(`LOCK TABLES ${it.database}.setting WRITE`)
      it.url.searchParams.set('timeout', '2s')
    },
  },
  {
    exit: 75,
    ofMariadb: true,
    says: 'Another "queuectl migrate" or "adopt" is under way',
    run: 'queuectl migrate',
    empty: true,
    stage: async ({ root, database, url, connect }) => {
      const other = await connect(url)
      await other.query(`DO GET_LOCK(CONCAT('cron-mission:migrate:', LEFT(MD5(DATABASE()), 16)), 1)`)
      void giveUpWaiting(root, database) // nobody can sit out the minute that it waits
    },
  },
  ...ADOPTING,
]

async function setVersion({ root, database }: Served, version: number): Promise<void> {
  await root.query(`CREATE TABLE ${database}.setting (name VARCHAR(64) PRIMARY KEY, value TEXT)`)
  await root.query(`INSERT INTO ${database}.setting VALUES ('schema_version', '${version}')`)
}

/** Ends a wait for a lock in this database as if its time were over. */
async function giveUpWaiting(root: Connection, database: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const [rows] = await root.query<RowDataPacket[]>(
      `SELECT id FROM information_schema.processlist WHERE db = '${database}' AND state = 'User lock'`,
    )
    if (rows[0] !== undefined) return void (await root.query(`KILL QUERY ${Number(rows[0].id)}`))
    await sleep(20)
  }
}

import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { migrate } from '../../../src/queue/migrate.ts'
import { openDriver } from '../../../src/queue/url.ts'
import { afterwards } from '../../helpers/cleanup.ts'
import { DATABASES } from '../../helpers/databases.ts'
import { makeProject } from '../../helpers/processes.ts'
import { assertRefused } from './refused.ts'
import { type RefusedByServer, SERVERS, type Served } from './servers.ts'

const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
const skip = mariadb === undefined && 'there is no MySQL server'

test('what a database server refuses', { skip, concurrency: 4 }, async (t) => {
  const common = (await mariadb?.create(t))?.url ?? ''
  const driver = await openDriver(common, '/')
  await migrate(driver)
  await driver.close()

  await Promise.all(SERVERS.map((one) => t.test(one.says, (t) => refusedIn(t, common, one))))
})

async function refusedIn(t: TestContext, common: string, given: RefusedByServer) {
  const { stage, empty, ofMariadb, run = 'add-task a', ...one } = given
  const served = await serve(t, empty === true ? ((await mariadb?.create(t))?.url ?? '') : common)
  if (ofMariadb === true && !(await isMariadb(served))) return t.skip('it is staged for MariaDB')
  await stage?.(served)

  await assertRefused(t, { ...one, run }, makeProject(t, { env: { QUEUE_URL: served.url.href } }))
}

async function serve(t: TestContext, administrators: string): Promise<Served> {
  const url = new URL(administrators)
  const database = url.pathname.slice(1)
  const name = `u${randomBytes(6).toString('hex')}`
  const user = `'${name}'@'%'`
  const connect = async (to: URL) => {
    const connection = await mysql.createConnection({ uri: to.href })
    afterwards(t, async () => connection.destroy())
    return connection
  }
  const root = await connect(new URL('/', url))
  await root.query(`CREATE USER ${user} IDENTIFIED BY 'secret'`)
  afterwards(t, async () => {
    const last = await mysql.createConnection({ uri: new URL('/', administrators).href })
    await last.query(`DROP USER ${user}`)
    await last.end()
  })
  await root.query(`GRANT ALL ON ${database}.* TO ${user}`)
  url.username = name
  url.password = 'secret'
  return { root, user, database, url, connect }
}

async function isMariadb({ root }: Served): Promise<boolean> {
  const [rows] = await root.query<RowDataPacket[]>('SELECT VERSION() AS version')
  return String(rows[0]?.version).includes('MariaDB')
}

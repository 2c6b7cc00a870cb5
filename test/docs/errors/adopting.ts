/** What `queuectl adopt` refuses, each in a database of its own. */
import type { RefusedByServer, Served } from './servers.ts'

const OLD = `id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, taskphp VARCHAR(200) NOT NULL, param TEXT,
             status TINYINT NOT NULL DEFAULT 0, ctime INT NOT NULL DEFAULT 0`

function old(more = '', table = 'queue', options = '') {
  return ({ root, database }: Served) => root.query(`CREATE TABLE ${database}.${table} (${OLD}${more}) ${options}`)
}

export const ADOPTING: readonly RefusedByServer[] = [
  {
    exit: 78,
    says: 'The table queue was not made by this program.',
    run: 'queuectl migrate',
    empty: true,
    stage: old(),
  },
  { exit: 78, says: 'This database has no table queue to be taken over.', run: 'queuectl adopt', empty: true },
  {
    exit: 78,
    says: 'The table queue cannot be taken over as it stands',
    run: 'queuectl adopt --yes',
    empty: true,
    stage: old(', retry INT NOT NULL DEFAULT 0'),
  },
  {
    exit: 64,
    says: 'To … the server copies it',
    run: 'queuectl adopt --yes',
    empty: true,
    stage: old('', 'queue', 'ENGINE=MyISAM'),
  },
  {
    exit: 78,
    ofMariadb: true,
    says: 'The server cannot … while producers go on',
    run: 'queuectl adopt --yes',
    empty: true,
    stage: old(', FULLTEXT (param)', 'queue', 'ENGINE=InnoDB ROW_FORMAT=COMPACT'),
  },
  {
    exit: 64,
    says: 'The adoption was begun with other words for --…',
    run: 'queuectl adopt --status 2=failed --yes',
    empty: true,
    async stage(served) {
      await old()(served)
      const adoption = { column: 'taskphp', map: {}, status: { 2: 'cancelled' }, zone: 'SYSTEM', added: 'added_at' }
      const { root, database } = served
      await root.query(`CREATE TABLE ${database}.setting (name VARCHAR(64) PRIMARY KEY, value TEXT, mtime INT)`)
      await root.query(`INSERT INTO ${database}.setting VALUES ('adoption', ?, 0)`, [
        JSON.stringify({ adoption, cursor: 0 }),
      ])
    },
  },
  { exit: 64, says: '--old-zone is "…"', run: 'queuectl adopt --old-zone Nowhere', empty: true, stage: old() },
  { exit: 64, says: '--from is "…": …', run: 'queuectl adopt --from gone' },
  {
    exit: 78,
    says: 'The table … is kept by …, which cannot carry',
    run: 'queuectl adopt --from old_jobs --yes',
    stage: old('', 'old_jobs', 'ENGINE=MyISAM'),
  },
]

import assert from 'node:assert/strict'
import test from 'node:test'
import { jobId } from '../../../../src/schedule/crontab/import/job-id.ts'

const NAMED: readonly (readonly [command: string, id: string])[] = [
  ['/usr/bin/php /var/www/site/bin/send_mails.php --all > /dev/null 2>&1', 'send-mails'],
  ['cd /var/www/shop && php artisan queue:prune-failed', 'queue-prune-failed'],
  ['php -d memory_limit=1G bin/console app:import-stock --env=prod', 'app-import-stock'],
  ['cd / && run-parts --report /etc/cron.hourly', 'cron.hourly'],
  ['test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }', 'cron.daily'],
  ['[ -x /usr/lib/php/sessionclean ] && if [ ! -d /run ]; then /usr/lib/php/sessionclean; fi', 'sessionclean'],
  ["flock -n /tmp/a.lock -c 'nice -n 10 /opt/report.py --day 1'", 'report'],
  ['/usr/bin/flock -w 10 /tmp/a.lock timeout -k 5 300 bash /srv/x/rebuild_index.sh', 'rebuild-index'],
  ['MAILTO=x APP_ENV=prod sudo -u deploy /usr/bin/env A=b /srv/cleanup.sh', 'cleanup'],
  ["wget -qO- 'https://shop.example/cron/rates?key=1'", 'rates'],
  ['curl -fsS https://shop.example/cron.php', 'shop.example-cron'],
  ['/var/www/shop/cron.php', 'shop-cron'],
  ['docker exec web php a.php', 'exec-web'],
  ['python3.11 -u /opt/reports/daily_report.py', 'daily-report'],
  ["sh -c 'pg_dump shop | gzip'", 'pg-dump'],
  ['mysqldump shop | gzip > /srv/a.gz', 'mysqldump'],
  ['\u00dcbersicht.sh', 'ubersicht'],
  ['$(date)', 'job'],
  ['"', 'job'],
  ['', 'job'],
]

test('a job is named by what its command does', () => {
  for (const [command, id] of NAMED) assert.deepEqual([command, jobId(command, new Set())], [command, id])
})

test('no two jobs have one name, and all are names of jobs', () => {
  const taken = new Set<string>()
  const ids = ['a.sh', 'a.php', 'a', 'x'.repeat(200), 'x'.repeat(200), '../../..', '-', '.hidden'].map((it) =>
    jobId(it, taken),
  )

  assert.equal(new Set(ids).size, ids.length)
  assert.deepEqual(ids.slice(0, 3), ['a', 'a-2', 'a-3'])
  for (const id of ids) assert.match(id, /^[A-Za-z0-9][A-Za-z0-9._-]{0,54}$/)
})

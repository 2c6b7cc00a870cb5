/**
 * The sample schedule: what runs when, and how. docs/schedule.md has every word and every option.
 *
 * The crontab runs `cron-mission` every minute; it reads this file. An empty queue starts nothing, so "every minute" costs
 * a look. Try `cron-mission check` after a change, and `cron-mission list` to see when things run next.
 */
import {
  after,
  always,
  cron,
  daily,
  defineSchedule,
  encodeParams,
  every,
  monthly,
  weekdays,
  weekly,
} from 'cron-mission'

const READERS = [4, 6, 7]

export default defineSchedule({
  timezone: 'system',
  jobs: {
    // Mails and the like: whatever stands in the queue named "default", with four workers.
    default: { when: every('1m'), queue: 'default', shards: 4 },

    // Orders to the warehouse: as many workers as the backlog asks for; a program that hangs is stopped after two minutes.
    'sync-orders': {
      when: every('1m'),
      queue: 'sync-orders',
      shards: ({ pending }) => (pending > 1_000 ? 20 : 10),
      timeout: '2m',
    },

    // Orders that must not wait: workers that stay, put back whenever one is missing. With the customer as `shard_key` those of
    // one customer arrive in the order in which they were placed. docs/recipes/order-sync.md
    orders: { when: always(), queue: 'orders', shards: 4, retry: '5s,30s,2m,10m,1h' },

    // Payment callbacks: tried again for a day, as the other side may be down for a while. With the receiver as `shard_key` each
    // is called twice at once at most, and receivers take turns: one that hangs delays nobody else. docs/recipes/payment-callbacks.md
    payments: {
      when: every('1m'),
      queue: 'payments',
      shards: 2,
      concurrency: 4,
      perKey: 2,
      retry: '2m,10m,10m,1h,2h,6h,15h',
    },

    // What a site pushes onto a list of Redis, as it comes; see docs/recipes/redis-list.md.
    // intake: { when: always(), exec: ['queuectl', 'intake', '--list', 'jobs', '--task', 'site-item'], grace: '2s' },

    // Nightly work, one program after the other. If the machine was off at 02:30, it begins when it is back, up to three
    // hours late.
    nightly: {
      when: daily('02:30'),
      queue: 'nightly',
      timeout: '3h',
      catchUp: { policy: 'latest', within: '3h' },
    },

    // A line of a crontab may be pasted as it is. What is not done by noon is left for the next day.
    reports: { when: cron('0 7 * * mon-fri'), queue: 'reports', stopAt: '12:00' },

    // Invoices on the last workday of the month, but not while the machine is busy.
    invoices: { when: monthly('last-workday', '18:00'), queue: 'invoices', maxLoad: 1.5 },

    // A command needs no queue. This one steps aside for others, and what comes after it waits until it has ended well.
    backup: { when: weekly('sun', '03:15'), exec: ['sh', 'tasks/backup.sh', 'tasks'], nice: 10, retry: '10m,1h' },
    'backup-list': { when: after('backup'), exec: ['ls', '-l', 'backups/tasks'] },

    // A producer: the slot and its tasks are written together, all of them once.
    digest: {
      when: weekdays('08:00'),
      except: cron('* * 25,26 dec *'),
      enqueue: ({ local }) =>
        READERS.map((uid) => ({
          task: 'send-msg',
          param: encodeParams({ uid, content: `What is new on ${local.slice(0, 10)}` }),
        })),
    },

    // On every host, not once for all of them, and not on all of them at the same moment.
    'old-logs': {
      when: daily('04:15'),
      exec: ['find', 'logs', '-name', '*.log', '-mtime', '+90', '-delete'],
      hosts: 'each',
      spread: '20m',
    },
  },
})

/**
 * The sample schedule: which queue is worked when, and by how many.
 *
 * The crontab runs `cron-mission` every minute; it reads this file. An empty queue starts nothing, so "every minute" costs
 * a look. Try `cron-mission check` after a change, and `cron-mission list` to see when things run next.
 */
import { cron, daily, defineSchedule, every } from 'cron-mission'

export default defineSchedule({
  timezone: 'system',
  jobs: {
    // Mails and the like: whatever stands in the queue named "default", with four shards.
    default: { when: every('1m'), queue: 'default', shards: 4 },

    // Orders to the warehouse: ten shards; a program that hangs is stopped after two minutes.
    'sync-orders': { when: every('1m'), queue: 'sync-orders', shards: 10, timeout: '2m' },

    // Payment callbacks: tried again for a day, as the other side may be down for a while.
    payments: { when: every('1m'), queue: 'payments', shards: 2, retry: '2m,10m,10m,1h,2h,6h,15h' },

    // Nightly work, one program after the other; a crontab line may be pasted as it is.
    nightly: { when: daily('02:30'), queue: 'nightly', timeout: '3h' },
    reports: { when: cron('0 7 * * mon-fri'), queue: 'reports' },
  },
})

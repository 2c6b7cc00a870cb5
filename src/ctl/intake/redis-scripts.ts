/**
 * What a list of Redis is asked to do in one step, in the words of Redis: these scripts are run whole or not at all.
 *
 *     mail            the list, as the site fills it
 *     mail:taken      items on their way into the queue, in the order in which they were taken
 *     mail:rejected   items that are no tasks
 *     mail:intake     a hash. `id`: this list's, made once. `done`: the number of the last item that has left `mail:taken`.
 *                     `for`: the queue database that it is taken into
 *
 * An item has a number without having it written to it: the first of `mail:taken` is number `done` + 1. `allow-oom`: a Redis that
 * is full can still be emptied.
 */

export interface ListKeys {
  readonly list: string
  readonly taken: string
  readonly rejected: string
  readonly state: string
}

export function keysOf(list: string): ListKeys {
  return { list, taken: `${list}:taken`, rejected: `${list}:rejected`, state: `${list}:intake` }
}

/** KEYS: state. ARGV: a new id, the database. @returns the id that it has, the database it is for */
export const CLAIM = `#!lua flags=allow-oom
local known = redis.call('HMGET', KEYS[1], 'id', 'for', 'done')
if known[1] and known[2] and known[3] then return {known[1], known[2]} end
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'for', ARGV[2], 'done', '0')
return {ARGV[1], ARGV[2]}`

/**
 * KEYS: state, list, taken, rejected. ARGV: the id, the number up to which items are in the queue, the numbers of those that are
 * to be rejected, whether Redis may have lost the end of what it did, from which side, how many, how many bytes.
 *
 * First it lets go what is in the queue, and moves what is rejected. Then it takes items from the list until there are enough.
 *
 * @returns the number of the last item that has left, then items; a word where the list is not as it was told of
 */
export const ADVANCE = `#!lua flags=allow-oom
local state, list, taken, rejected = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local known = redis.call('HMGET', state, 'id', 'done')
if known[1] ~= ARGV[1] or not known[2] then return 'changed' end
local done, upTo = tonumber(known[2]), tonumber(ARGV[2])
local length = redis.call('LLEN', taken)
if done + length < upTo and ARGV[4] == '0' then return 'changed' end
if upTo > done then
  for number in string.gmatch(ARGV[3], '%d+') do
    local index = tonumber(number) - done - 1
    if index >= 0 and index < length then redis.call('RPUSH', rejected, redis.call('LINDEX', taken, index)) end
  end
  redis.call('LTRIM', taken, upTo - done, -1)
  redis.call('HSET', state, 'done', ARGV[2])
  done = upTo
  length = redis.call('LLEN', taken)
end
local answer, most, bytes = {string.format('%.0f', done)}, tonumber(ARGV[6]), tonumber(ARGV[7])
if ARGV[5] ~= '' then
  while length < most and redis.call('LMOVE', list, taken, ARGV[5], 'RIGHT') do length = length + 1 end
end
for _, item in ipairs(redis.call('LRANGE', taken, 0, most - 1)) do
  bytes = bytes - #item
  if bytes < 0 and #answer > 1 then break end
  answer[#answer + 1] = item
end
return answer`

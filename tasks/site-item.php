<?php
/**
 * Works one item that a site pushed onto a list of Redis, where `queuectl intake --task site-item --list jobs` takes them from:
 *
 *     {"worker": "member", "class": "Points", "params": {"uid": 4, "points": 10}}
 *
 * What used to be forked for an item is a function here: one for each worker and class. It is given the params, and throws when it
 * has to be tried again. A task may be run more than once (a crash, a time-out): TASK_KEY is the same in every attempt.
 *
 * POINTS  the file that points are written to (points.log)
 */

const DONE = 0;
const FAILED = 1;       // tried again by the task's list of delays
const NEVER_RETRY = 65; // an item that is wrong now is wrong in an hour

const WORKERS = [
    'member/Points' => 'addPoints',
];

exit(main($argv[1] ?? ''));

function main(string $text): int
{
    $item = json_decode($text, true);
    $name = is_array($item) ? ($item['worker'] ?? '') . '/' . ($item['class'] ?? '') : '';
    if (!isset(WORKERS[$name])) {
        fwrite(STDERR, "site-item: nobody here works for \"$name\". It is one of " . implode(', ', array_keys(WORKERS)) . ".\n");
        return NEVER_RETRY;
    }
    try {
        echo WORKERS[$name]($item['params'] ?? []), "\n";
        return DONE;
    } catch (InvalidArgumentException $wrong) {
        fwrite(STDERR, "site-item: {$wrong->getMessage()}\n");
        return NEVER_RETRY;
    } catch (RuntimeException $failure) {
        fwrite(STDERR, "site-item: {$failure->getMessage()}\n");
        return FAILED;
    }
}

function addPoints(array $params): string
{
    $uid = $params['uid'] ?? null;
    $points = $params['points'] ?? null;
    if (!is_int($uid) || !is_int($points)) {
        throw new InvalidArgumentException('A member has a uid and points, both whole numbers.');
    }
    $file = getenv('POINTS') ?: 'points.log';
    $line = json_encode(['key' => getenv('TASK_KEY'), 'uid' => $uid, 'points' => $points]) . "\n";
    if (@file_put_contents($file, $line, FILE_APPEND | LOCK_EX) !== strlen($line)) {
        throw new RuntimeException("$file cannot be written.");
    }
    return "$points points for user $uid";
}

<?php
/**
 * Sends one message to one or many users: `uid=4&uids[]=6&uids[]=7&content=Your order has left`.
 *
 * Sending is writing a line into an outbox file here; put your mail or SMS gateway in its place. A task may be run
 * more than once (a crash, a time-out), so each line carries a key that is the same in every attempt: a gateway that
 * is given it as its idempotency key sends each message once.
 *
 * OUTBOX  the file to append to (outbox/messages.log)
 */

const DONE = 0;
const FAILED = 1;       // tried again by the task's list of delays
const NEVER_RETRY = 65; // a parameter that is wrong now is wrong in an hour

exit(main($argv[1] ?? '', getenv('OUTBOX') ?: 'outbox/messages.log'));

function main(string $param, string $outbox): int
{
    $message = readMessage($param);
    if (is_string($message)) {
        fwrite(STDERR, "send-msg: $message\n");
        return NEVER_RETRY;
    }
    foreach ($message['uids'] as $uid) {
        if (!deliver($outbox, $uid, $message['content'])) {
            fwrite(STDERR, "send-msg: $outbox cannot be written, stopped at user $uid.\n");
            return FAILED;
        }
    }
    printf("sent to %d user(s)\n", count($message['uids']));
    return DONE;
}

/** @return array{uids: list<string>, content: string}|string the message, or a sentence saying why there is none */
function readMessage(string $param): array|string
{
    // parse_str would silently leave out what is beyond this limit of php.ini, and with it recipients.
    $limit = (int) ini_get('max_input_vars');
    if (substr_count($param, '&') >= $limit) {
        return "There are more than $limit parameters. Raise max_input_vars, or split the message into several tasks.";
    }
    parse_str($param, $fields);
    $uids = array_values(array_unique(array_merge((array) ($fields['uid'] ?? []), (array) ($fields['uids'] ?? []))));
    foreach ($uids as $uid) {
        if (!is_string($uid) || !preg_match('/^[1-9][0-9]{0,18}$/D', $uid)) {
            return 'Every uid must be a whole number, but one is ' . json_encode($uid, JSON_PARTIAL_OUTPUT_ON_ERROR) . '.';
        }
    }
    $content = $fields['content'] ?? '';
    if ($uids === []) {
        return 'There is no recipient. Give uid=4 or uids[]=4&uids[]=6.';
    }
    if (!is_string($content) || $content === '') {
        return 'There is no text. Give content=...';
    }
    return ['uids' => $uids, 'content' => $content];
}

/** One line in one write under a lock: programs that run at the same time never mix their lines. */
function deliver(string $outbox, string $uid, string $content): bool
{
    $directory = dirname($outbox);
    if (!is_dir($directory) && !@mkdir($directory, 0777, true) && !is_dir($directory)) {
        return false;
    }
    $line = json_encode(
        ['key' => getenv('TASK_KEY') . ":$uid", 'uid' => $uid, 'content' => $content],
        JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES,
    ) . "\n";
    return @file_put_contents($outbox, $line, FILE_APPEND | LOCK_EX) === strlen($line);
}

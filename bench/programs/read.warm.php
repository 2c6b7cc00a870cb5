<?php
// Reads its parameter, and serves many tasks.
while (($line = fgets(STDIN)) !== false) {
    $task = json_decode($line, true);
    parse_str($task['param'], $fields);
    fwrite(STDOUT, json_encode(['id' => $task['id'], 'exit' => (int) $fields['uid'] > 0 ? 0 : 1]) . "\n");
}

<?php
// Notes the number that it was given, whichever way the param is written.
$param = $argv[1] ?? '';
$params = @unserialize($param, ['allowed_classes' => false]);
if (!is_array($params)) {
    parse_str($param, $params);
}
if (($params['who'] ?? null) != ['Zoë & Co', 7]) {
    fwrite(STDERR, "The param is not what was put in: $param\n");
    exit(65);
}
file_put_contents(getenv('OLD_NOTES') ?: 'notes', $params['n'] . "\n", FILE_APPEND | LOCK_EX);

<?php
// As the old pages had it: every page opens the database, and lets an error pass silently but for its text.
function db(): mysqli
{
    mysqli_report(MYSQLI_REPORT_OFF);
    $db = mysqli_connect(getenv('OLD_HOST'), 'root', '', getenv('OLD_DATABASE'), (int) getenv('OLD_PORT'));
    if (!$db) {
        fwrite(STDERR, mysqli_connect_error() . "\n");
        exit(1);
    }
    mysqli_query($db, 'SET NAMES utf8mb4');
    return $db;
}

/** Array to string: what a page hands to the program of a task. */
function a2s(array $params): string
{
    return http_build_query($params);
}

function s2a(string $text): array
{
    parse_str($text, $params);
    return $params;
}

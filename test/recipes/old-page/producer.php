<?php
// php producer.php FIRST COUNT [ctime] [PAUSE_US]: adds rows numbered from FIRST on. With "unix", "now" or "date" it writes ctime
// itself, as such a column wants it; of the params every second is serialized.
require __DIR__ . '/connection.php';

[, $first, $count] = $argv;
$kind = $argv[3] ?? 'none';
$pause = (int) ($argv[4] ?? 0);
$times = ['unix' => 'UNIX_TIMESTAMP()', 'now' => 'NOW()', 'date' => "'" . date('Y-m-d H:i:s') . "'"];
$db = db();
for ($n = (int) $first; $n < $first + $count; $n++) {
    $params = ['n' => $n, 'who' => ['Zoë & Co', 7]];
    $param = mysqli_real_escape_string($db, $n % 2 ? serialize($params) : a2s($params));
    $program = $n % 3 ? 'task/note.php' : 'task/old/note_twice.php';
    $sql = isset($times[$kind])
        ? "INSERT INTO queue (taskphp, param, ctime) VALUES ('$program', '$param', {$times[$kind]})"
        : "INSERT INTO queue (taskphp, param) VALUES ('$program', '$param')";
    if (!mysqli_query($db, $sql)) {
        fwrite(STDERR, mysqli_error($db) . "\n");
        exit(1);
    }
    if ($pause > 0) {
        usleep($pause);
    }
}

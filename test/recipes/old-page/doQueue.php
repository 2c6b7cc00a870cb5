<?php
// php doQueue.php TOTAL NUMBER [LIMIT]: does the rows whose id falls to it, one program after the other.
require __DIR__ . '/connection.php';

$total = (int) $argv[1];
$number = (int) $argv[2];
$limit = (int) ($argv[3] ?? 30);
$db = db();
$rows = mysqli_query($db, "SELECT * FROM queue WHERE status = 0 AND id % $total = $number ORDER BY id LIMIT $limit");
while ($row = mysqli_fetch_assoc($rows)) {
    $program = getenv('OLD_TASKS') . '/' . basename($row['taskphp']);
    system('php ' . escapeshellarg($program) . ' ' . escapeshellarg($row['param']));
    mysqli_query($db, 'UPDATE queue SET status = 1 WHERE id = ' . $row['id']);
}

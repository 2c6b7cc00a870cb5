<?php
/**
 * The loop that many teams have written once: each of n processes takes the rows whose id leaves its number, two hundred at a
 * time, runs each through a shell, and marks it with an UPDATE of its own.
 *
 *     php old-loop.php <host> <port> <database> <n> <its number> <program>
 *
 * No claims, no retries, no logs, no limits: what a loop does that does only this.
 */
[, $host, $port, $database, $total, $number, $program] = $argv;
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli($host, 'root', '', $database, (int) $port);
$pull = "SELECT id, param FROM old_queue WHERE status = 0 AND id % $total = $number ORDER BY id LIMIT 200";
$book = $db->prepare('UPDATE old_queue SET status = ? WHERE id = ?');
while ($rows = $db->query($pull)->fetch_all(MYSQLI_ASSOC)) {
    foreach ($rows as ['id' => $id, 'param' => $param]) {
        system($program . ' ' . escapeshellarg($param), $code);
        $status = $code === 0 ? 1 : 3;
        $book->bind_param('ii', $status, $id);
        $book->execute();
    }
}

<?php
// php cronMission.php TOTAL: what the crontab started each minute, one doQueue for each number.
$total = (int) ($argv[1] ?? 2);
$running = [];
for ($i = 0; $i < $total; $i++) {
    $running[] = popen('php ' . escapeshellarg(__DIR__ . '/doQueue.php') . " $total $i", 'r');
}
foreach ($running as $one) {
    pclose($one);
}

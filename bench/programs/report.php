<?php
// Adds up a day's orders and leaves a summary that says what it was made of.
$text = file_get_contents('orders.json');
$totals = [];
foreach (json_decode($text, true) as ['customer' => $customer, 'cents' => $cents])
    $totals[$customer] = ($totals[$customer] ?? 0) + $cents;
ksort($totals);
for ($sum = $text, $i = 0; $i < 20; $i++) $sum = hash('sha256', $sum . $text);
file_put_contents("outbox/php-$argv[1].json", json_encode(['totals' => $totals, 'sum' => $sum]));

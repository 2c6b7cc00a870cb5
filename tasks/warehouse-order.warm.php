<?php
/**
 * Puts an order of the shop into the warehouse: `order=1042`. A warm program: one process serves many orders, and its
 * connections to both databases stay open. See docs/warm-programs.md for what it reads and answers.
 *
 * A task may be run more than once (a crash after the write, a lost answer). The warehouse keeps each order under its
 * number, so the second time it is there, and nothing changes. Add the tasks with the customer as `shard_key`: then the
 * orders of one customer arrive one after the other, in the order in which they were placed.
 *
 * SHOP_CONFIG  a PHP file that returns ['shop' => DSN, 'warehouse' => DSN], each with user and password (config.php)
 */

const DONE = 0;
const FAILED = 1;       // tried again by the task's list of delays
const NEVER_RETRY = 65;
const TRY_LATER = 75;   // does not use up an attempt

ini_set('display_errors', 'stderr'); // nothing but answers may go to standard output
$databases = [];
while (($line = fgets(STDIN)) !== false) {
    $task = json_decode($line, true);
    try {
        [$exit, $words] = store($task['param'], $databases);
    } catch (PDOException $error) {
        $databases = []; // the connection may be what is wrong: a new one for the next task
        [$exit, $words] = [isAway($error) ? TRY_LATER : FAILED, $error->getMessage()];
    } catch (Throwable $error) {
        [$exit, $words] = [FAILED, $error->getMessage()];
    }
    fwrite(STDERR, "$words\n"); // the task's output in the log
    $answer = ['id' => $task['id'], 'exit' => $exit] + ($exit === DONE ? [] : ['error' => $words]);
    fwrite(STDOUT, json_encode($answer, JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
}

/** @return array{int, string} how it ended, and what there is to say */
function store(string $param, array &$databases): array
{
    parse_str($param, $fields);
    $id = $fields['order'] ?? '';
    if (!is_string($id) || !preg_match('/^[1-9][0-9]{0,17}$/D', $id)) {
        return [NEVER_RETRY, "\"$param\" names no order. Give order=1042."];
    }
    $databases = $databases ?: connect();
    $order = $databases['shop']->prepare('SELECT id, customer, total_cents FROM orders WHERE id = ?');
    $order->execute([$id]);
    $row = $order->fetch(PDO::FETCH_NUM);
    if ($row === false) {
        return [NEVER_RETRY, "The shop has no order $id."];
    }
    $insert = $databases['warehouse']->prepare(
        'INSERT INTO incoming_order (order_id, customer, total_cents) VALUES (?, ?, ?)
         ON DUPLICATE KEY UPDATE order_id = order_id',
    );
    $insert->execute($row);
    return [DONE, "order $id " . ($insert->rowCount() > 0 ? 'stored' : 'was stored by an earlier attempt')];
}

/** @return array{shop: PDO, warehouse: PDO} */
function connect(): array
{
    $dsn = require getenv('SHOP_CONFIG') ?: getcwd() . '/config.php';
    $options = [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 10];
    $open = fn (string $name): PDO => new PDO($dsn[$name], options: $options);
    return ['shop' => $open('shop'), 'warehouse' => $open('warehouse')];
}

/** Whether the server was not there, or hung up: 2002 to 2013, or it waited in vain for a lock. */
function isAway(PDOException $error): bool
{
    return in_array($error->errorInfo[1] ?? 0, [1205, 1213, 2002, 2003, 2006, 2013], true);
}

<?php
// Reads its parameter, and is started for each task.
parse_str($argv[1], $fields);
exit((int) $fields['uid'] > 0 ? 0 : 1);

# Reads its parameter, and serves many tasks.
import json, sys
from urllib.parse import parse_qs

for line in sys.stdin:
    task = json.loads(line)
    fields = parse_qs(task['param'])
    print(json.dumps({'id': task['id'], 'exit': 0 if int(fields['uid'][0]) > 0 else 1}), flush=True)

# Reads its parameter, and is started for each task.
import sys
from urllib.parse import parse_qs

sys.exit(0 if int(parse_qs(sys.argv[1])['uid'][0]) > 0 else 1)

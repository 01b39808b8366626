"""Starts one command on one core and says what it used; run by `pinned_process`, never imported.

The kernel lets a process begin with the peak memory of the one it was started
from. So it is started from here, where nearly nothing is loaded.
"""

import os
import sys
import time


def main(core: str, result_path: str, command: list[str]) -> None:
    """Run `command` and write `wall_s cpu_s peak_rss_kib exit_status` to `result_path`."""
    begin = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            os.sched_setaffinity(0, {int(core)})
            os.execvp(command[0], command)
        except OSError as error:
            os.write(2, f"{command[0]}: {error}\n".encode())
        os._exit(127)
    _, status, usage = os.wait4(child, 0)
    wall_s = time.perf_counter() - begin
    cpu_s = usage.ru_utime + usage.ru_stime
    with open(result_path, "w") as result:  # noqa: PTH123 (pathlib costs memory here)
        result.write(f"{wall_s} {cpu_s} {usage.ru_maxrss} {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])

/*
 * The program of the bench `latency`: notes when it was started, on the clock that all processes of a machine share.
 *
 *     stamp <word>     appends "<word> <nanoseconds>" to the file starts of its directory
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec now;
    char line[256];
    clock_gettime(CLOCK_MONOTONIC, &now);
    int length = snprintf(line, sizeof line, "%s %lld\n", argc > 1 ? argv[1] : "", now.tv_sec * 1000000000LL + now.tv_nsec);
    int file = open("starts", O_WRONLY | O_APPEND | O_CREAT, 0644);
    return file < 0 || write(file, line, length) != length;
}
